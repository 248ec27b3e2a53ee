//! A Worker that answers every request with two bytes and does nothing else. What it costs is the
//! price of the runtime and of crossing into WebAssembly and back, which no Rust Worker can go below.
#![cfg(target_arch = "wasm32")]

use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(_request: Request, _env: Env, _context: Context) -> Result<Response> {
    Response::ok("ok")
}
