//! Headwater: first-party analytics on Cloudflare Workers.
//!
//! The pure core is in `crates/` and `classifier/`: it uses no `worker`, no `reqwest`, no clock and no randomness.
//! [`app`] connects it to the stores, and `shell` (wasm only) connects that to the Workers runtime.
//! `docs/architecture.md` shows the path of an event and of a question.

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
