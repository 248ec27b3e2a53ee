//! Questions about events: parse a question, write its SQL, build the answer.
//!
//! Pure: nothing here runs a statement or reads a clock. [`REPORTS`] lists the kinds of questions. The SQL of the
//! common question is in `build.rs`; each other report has a `build` of its own.

mod build;
mod catalogue;
mod cursor;
mod dimension;
#[cfg(feature = "documented")]
pub mod documented;
mod events;
mod export;
mod fault;
mod filter;
mod frame;
pub mod funnel;
mod given;
mod in_use;
pub mod journeys;
pub mod matching;
mod member;
mod metric;
mod model;
mod nearest;
mod params;
mod pattern;
mod people;
mod plan;
mod range;
mod read;
mod realtime;
mod references;
mod report;
mod reports;
pub mod retention;
mod row;
pub mod segment;
mod shape;
mod sources;
mod spoken;
mod stats;
mod steps;
mod window;
mod world;
pub mod zone;

pub use build::build;
pub use catalogue::{Axis, Catalogue, axes, catalogue};
pub use cursor::resume;
pub use dimension::{Column, Dimension, Interval, MAX_KEY};
pub use events::{
    DEFAULT_LIMIT as DEFAULT_EVENTS_LIMIT, Events, KNOWN as EVENTS_PARAMETERS, MAX_LIMIT as MAX_EVENTS_LIMIT,
};
pub use export::{Export, Format, KNOWN as EXPORT_PARAMETERS};
pub use fault::{Fault, Path};
pub use filter::{
    Filter, MAX_DEPTH as MAX_FILTER_DEPTH, MAX_NODES as MAX_FILTERS, MAX_PATTERN, MAX_VALUE, MAX_VALUES, OPERATORS,
};
pub use frame::Frame;
pub use given::no_parameters;
pub use in_use::{InUse, KNOWN as SCHEMA_PARAMETERS, Schema};
pub use member::{MAX_CURSOR, MAX_DIMENSIONS, MAX_METRICS, MAX_PROJECT, MAX_ZONE};
pub use metric::{Base, Level, Metric};
pub use model::{Direction, Include, Key, MAX_LIMIT, Query};
pub use nearest::{nearest, unknown, unknown_member};
pub use params::{KNOWN as STATS_PARAMETERS, from_parameters};
pub use pattern::{bad_pattern, placed, placed_in_parameters};
pub use plan::{Plan, Wanted};
pub use range::{COMPARE_WORDS, MAX_DAYS};
pub use read::{DEFAULT_LIMIT, StatsQuestion, from_json};
pub use realtime::{KNOWN as REALTIME_PARAMETERS, Realtime};
pub use references::Segments;
pub use report::{Answer, Asked, Found, Report};
pub use reports::*;
pub use row::object as event_object;
pub use shape::StatsAnswer;
pub use sources::{KNOWN as SOURCES_PARAMETERS, SourcesBy, sources};
pub use spoken::{spoken, spoken_dates};
pub use stats::Stats;
pub use world::World;
pub use zone::Zone;
