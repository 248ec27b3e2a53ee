//! The buffer: events wait in a Durable Object until the event store has them. Pure: the queue, the store
//! and the clock come in.
//!
//! One SQLite row holds the lines of one request. A batch is a range of such rows, written down before it
//! is sent for the first time, with how far it has come; so after any doubt (no answer, a restart) the
//! same lines go again under the same token, and the store drops what it has. Only a definite success
//! lets go of rows. `docs/durability.md` says which mechanism guarantees what.

mod batch;
mod dead;
mod flush;
mod shard;

pub use batch::{Batch, MAX_BATCH_BYTES, Waiting, compose};
pub use dead::{DEAD_LETTERS, DeadLetter};
pub use flush::{Flushed, Pace, Queue, Store, backoff, flush};
pub use shard::{Shard, continents};
