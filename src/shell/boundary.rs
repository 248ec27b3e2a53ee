//! Calls from Rust into JavaScript while a request is handled (`boundary.js`). There are few of them, and each
//! transfers as much as it can: fetched one by one through `worker`, the same values cost more time than everything
//! else that the Worker does for a request.

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen(module = "/src/shell/boundary.js")]
extern "C" {
    /// A header's value; empty if the header is missing.
    pub(super) fn header(request: &JsValue, name: &str) -> String;

    /// Values of the headers with these `names` (one per line); each value ends with a line break.
    pub(super) fn headers(request: &JsValue, names: &str) -> String;

    /// Continent, country, region and city, one per line; empty where Cloudflare does not know (`request.cf`).
    pub(super) fn place(request: &JsValue) -> String;

    /// The body as a `Uint8Array`; a number if it has more bytes than `limit`; a string, the reason, if it could not be
    /// read within `timeout` milliseconds. If a `Content-Length` was `announced`, bytes are not counted here: the
    /// runtime holds the client to it.
    pub(super) async fn body(request: &JsValue, announced: bool, limit: u32, timeout: u32) -> JsValue;

    /// A `Response`; `lines` holds the names and values of its headers, alternating.
    pub(super) fn respond(status: u16, lines: &str, body: &[u8]) -> JsValue;

    /// The same with a `ReadableStream` as the body.
    #[wasm_bindgen(js_name = respondWith)]
    pub(super) fn respond_with(status: u16, lines: &str, stream: &JsValue) -> JsValue;
}
