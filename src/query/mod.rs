//! Questions: read into one value, turned into SQL in one place, shaped into one answer.

mod bind;
mod build;
mod catalogue;
mod cursor;
mod dimension;
mod fault;
mod filter;
mod given;
mod metric;
mod model;
mod params;
mod plan;
mod range;
mod read;
mod shape;
mod sources;
mod sql;
mod steps;
pub(crate) mod zone;

pub use build::build;
pub use catalogue::{Axis, Catalogue, axes, catalogue};
pub use cursor::resume;
pub use dimension::{Column, Dimension, Interval};
pub use fault::{Fault, Path};
pub use filter::Filter;
pub use given::no_parameters;
pub use metric::{Base, Level, Metric};
pub use model::{Direction, Include, Key, Query};
pub use params::from_parameters;
pub use plan::{Plan, Wanted};
pub use range::{MAX_DAYS, Range};
pub use read::{MEMBERS, World, from_json};
pub use shape::{Answers, Found, answer};
pub use sources::sources;
pub use sql::{Scope, Statement, usage};
pub use zone::Zone;
