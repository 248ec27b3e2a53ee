//! The embedded ClickHouse server as its clients see it: the built binary, over HTTP.
// Clippy's leave to unwrap in tests does not reach the functions that tests share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod access;
mod errors;
mod inserts;
mod life;
mod queries;
mod server;
mod storage;
