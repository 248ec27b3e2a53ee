//! The contents of the event store as data: one row per column, and one row per event that is not activity.
//!
//! Dimensions, the row writer, computed tables, erasure, re-classification and the generated docs are derived from
//! these tables or tested against them. `tests/migrations.rs` compares the tables with `migrations/clickhouse`.
//!
//! To add a dimension: a migration, a row in [`Column`]'s table, a test, and the code that fills the column
//! (`crates/intake`). `CONTRIBUTING.md` has the recipe.

mod activity;
mod column;
mod sent_by;
mod table;

pub use activity::{Activity, IDENTIFY, LINK, Metered, PAGEVIEW, is_activity, is_metered, is_pageview};
pub use column::{Column, Holds, is_written};
pub use sent_by::SentBy;
pub use table::{
    DAILY_ROLLUP, DEAD_LETTERS, Field, IDENTITIES, RollupDimension, computed, rollup_dimensions, sessions,
};
