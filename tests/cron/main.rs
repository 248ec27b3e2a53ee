//! The cron against the real engine. It computes the days of all projects, so it is a binary of its own: in
//! `tests/native` a test says itself when a day of its project is computed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

#[path = "../native/app.rs"]
#[allow(dead_code, reason = "tests/native uses the rest")]
mod app;
mod computing;
#[path = "../native/world.rs"]
#[allow(dead_code, reason = "tests/native uses the rest")]
mod world;
