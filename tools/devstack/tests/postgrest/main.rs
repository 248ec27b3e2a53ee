//! The PostgreSQL runner and the PostgREST server, driven from outside as built.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends there")]

mod access;
mod calls;
mod failures;
mod stack;
mod tokens;
mod unsupported;
