//! The stores Headwater needs, as servers on the loopback interface.
//!
//! Each module is one subcommand of the `devstack` binary: it starts, prints one line
//! `ready <address>` on standard output, and runs until it is told to end.

pub mod clickhouse;
pub mod postgres;
pub mod postgrest;
