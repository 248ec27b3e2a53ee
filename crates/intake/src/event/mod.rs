//! Events: parsing and validation.

mod context;
#[cfg(feature = "documented")]
mod documented;
mod object;
mod properties;
mod raw;
mod revenue;
mod scalar;
mod shown;
mod validate;

pub use context::{Context, MAX_HEADER};
#[cfg(feature = "documented")]
pub use documented::Properties;
pub use object::Object;
pub use properties::{MAX_BYTES as MAX_PROPERTIES, MAX_DEPTH as MAX_NESTING};
pub use raw::RawEvent;
pub use revenue::Revenue;
pub use scalar::Scalar;
pub use shown::Shown;
pub use validate::{Bounds, Event, MAX_ADDRESS, MAX_ID, MAX_TITLE, MAX_USER_ID, Rejection, validate};
