//! The service natively, over the stores of the running stack: the app, the store clients, and the numbers.
//!
//! Numbers are compared with those that plain loops count over random histories. One binary: linking costs more than
//! most of these tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::struct_field_names, reason = "a test")]
#![allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "quantiles")]

mod app;
mod history;
mod midnight;
mod people;
mod plain;
mod population;
mod rollups;
mod sink;
mod stores;
mod world;
