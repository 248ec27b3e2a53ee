//! Headwater: first-party analytics on Cloudflare Workers.
//!
//! The pure core (keys, events, rows, visitor hash, query model) knows neither `worker` nor `reqwest`,
//! neither clock nor randomness. [`app`] ties it to the stores; `shell` (wasm only) ties that to the
//! Workers runtime. `docs/architecture.md` shows the way of an event and of a question.

pub mod app;
pub mod auth;
pub mod buffer;
pub mod config;
pub mod control;
pub mod error;
pub mod event;
pub mod exclude;
pub mod hex;
pub mod ingest;
mod json;
pub mod key;
pub mod limit;
#[cfg(test)]
mod openapi;
pub mod query;
pub mod quota;
pub mod rollup;
pub mod row;
pub mod session;
pub mod store;
pub mod time;
pub mod visitor;
mod words;

#[cfg(target_arch = "wasm32")]
mod shell;
