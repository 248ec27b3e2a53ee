//! Headwater: first-party analytics on Cloudflare Workers.
//!
//! The pure core (keys, events, rows, visitor hash, query model) knows neither `worker` nor `reqwest`,
//! neither clock nor randomness. [`app`] ties it to the stores; `shell` (wasm only) ties that to the
//! Workers runtime. `docs/architecture.md` shows the way of an event and of a question.

pub mod app;
pub mod auth;
pub mod buffer;
pub mod config;
pub mod mcp;
#[cfg(test)]
mod openapi;
pub mod session;
pub mod store;

#[cfg(target_arch = "wasm32")]
mod shell;
