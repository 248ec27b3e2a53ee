//! An event: how it is read from a body, judged, and what it is once it is right.

mod context;
mod object;
mod properties;
mod raw;
mod revenue;
mod scalar;
mod validate;

pub use context::Context;
pub use object::Object;
pub use raw::RawEvent;
pub use revenue::Revenue;
pub use scalar::Scalar;
pub use validate::{Bounds, Event, Rejection, validate};
