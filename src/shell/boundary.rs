//! The crossings between Rust and JavaScript on the way of a request: few, each with as much as it can
//! carry. Asked one by one through `worker`, the same things cost more than all of our own work.

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

#[wasm_bindgen(module = "/src/shell/boundary.js")]
extern "C" {
    /// A header; empty where there is none.
    pub(super) fn header(request: &JsValue, name: &str) -> String;

    /// Headers by their names, one a line; each value ends with a line break.
    pub(super) fn headers(request: &JsValue, names: &str) -> String;

    /// Continent, country, region and city, one a line, as far as the network tells.
    pub(super) fn place(request: &JsValue) -> String;

    /// The body as a `Uint8Array`; a number where it has more bytes than `limit`; a text where it could not be
    /// read. Where a length was `announced` it is not counted here: the runtime does.
    pub(super) async fn body(request: &JsValue, announced: bool, limit: u32) -> JsValue;

    /// A `Response`; `lines` are names and values of its headers in turn.
    pub(super) fn respond(status: u16, lines: &str, body: &[u8]) -> JsValue;

    /// The same over a `ReadableStream`.
    #[wasm_bindgen(js_name = respondWith)]
    pub(super) fn respond_with(status: u16, lines: &str, stream: &JsValue) -> JsValue;
}
