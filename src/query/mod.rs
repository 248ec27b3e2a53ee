//! Questions: parsed into one value, turned into SQL in one place, shaped into one answer.

mod model;
mod params;
mod sql;

pub use model::{Dimension, Interval, MAX_RANGE_DAYS, Metric, Query};
pub use params::parse;
pub use sql::{Scope, Statement, build, usage};
