//! What is done to stored events: computed tables, the erasure of persons, the deletion of what is too old.
//!
//! Pure: statements and decisions; the Worker's cron and the commands run them.

pub mod erase;
pub mod expiry;
pub mod rollup;
