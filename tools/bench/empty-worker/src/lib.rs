//! A Worker that answers every request with two bytes. Its cost is that of the runtime and of the calls into
//! WebAssembly and back: the minimum for any Rust Worker.
#![cfg(target_arch = "wasm32")]

use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(_request: Request, _env: Env, _context: Context) -> Result<Response> {
    Response::ok("ok")
}
