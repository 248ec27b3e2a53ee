//! From a request body to rows: decode → validate → enrich → row. Pure; `src/app` passes the rows on to the sink.

mod batch;
mod decode;
mod enrich;
mod identify;
mod memo;
mod parcel;
mod profile;
mod sender;
mod sent_by;

pub use batch::{Batch, Judged, MAX_EVENTS, Status, TIME_REPLACED, Verdict, batch, judge};
pub use decode::{Encoding, body_text, one_event, too_large};
pub use enrich::{Enricher, Fate, Writer, needed_day};
#[cfg(feature = "documented")]
pub use identify::Identification;
pub use identify::{IDENTIFY, identification, identification_faults};
pub use parcel::{MAX_BYTES, MAX_MONTHS, Parcel, Rows};
pub use sender::Sender;
pub use sent_by::{IMPORT_HEADER, sent_by};
