//! Maintenance of stored events: computed tables, erasure of persons, expiry.
//!
//! Pure: statements and decisions. The Worker's cron and the operator's commands run them.

pub mod erase;
pub mod expiry;
pub mod rollup;
