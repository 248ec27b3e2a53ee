//! From a body to rows: decode → validate → enrich → row. Pure; the sink is the app's.

mod batch;
mod decode;
mod enrich;
mod sender;

pub(crate) use batch::TIME_REPLACED;
pub use batch::{Batch, Judged, Status, Verdict, batch, judge};
pub use decode::{body_text, one_event};
pub use enrich::{Enricher, Fate, needed_day};
pub use sender::Sender;
