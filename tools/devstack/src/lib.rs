//! Local servers for the stores of Headwater, on the loopback interface.
//!
//! Each module is a subcommand of the `devstack` binary: it starts, prints one line `ready <address>` on standard
//! output, and runs until SIGTERM or SIGINT.

pub mod clickhouse;
pub mod postgres;
pub mod postgrest;
