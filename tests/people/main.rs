//! Funnels, retention and numbers of users against the real engine: the same numbers as plain loops over random histories.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::struct_field_names, reason = "a test")]
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "quantiles")]

mod funnel;
#[path = "../rollups/history.rs"]
mod history;
mod journeys;
mod pairs;
#[path = "../rollups/plain.rs"]
#[allow(dead_code, reason = "the rollups' tests use the rest")]
mod plain;
mod population;
mod retention;
mod users;
#[path = "../rollups/world.rs"]
#[allow(dead_code, reason = "the rollups' tests use the rest")]
mod world;
