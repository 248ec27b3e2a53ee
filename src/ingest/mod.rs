//! From a body to rows: decode → validate → enrich → row. Pure; the sink is the app's.

mod decode;
mod enrich;
mod sender;

pub use decode::{body_text, one_event};
pub use enrich::{Enricher, Fate, needed_day};
pub use sender::Sender;
