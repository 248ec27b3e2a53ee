//! The buffer: Durable Objects hold acknowledged events until the event store has them. Pure: queue, store and clock
//! come in as values.
//!
//! One SQLite row holds the lines of one request. A batch is a range of such rows. It is recorded with its progress
//! before it is sent for the first time. After no answer or a restart, the same lines are sent again under the same
//! token, and the store drops what it has. Rows are deleted only after a definite success. `docs/durability.md` says
//! which mechanism guarantees what.

mod batch;
mod dead;
mod flush;
mod shard;

pub use batch::{Batch, MAX_BATCH_BYTES, Waiting, compose};
pub use dead::{DEAD_LETTERS, DeadLetter};
pub use flush::{Flushed, Pace, Queue, Store, backoff, flush};
pub use shard::{Shard, continents};
