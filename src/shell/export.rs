//! Exports: streams the store's body to the caller (`export.js`).

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};

use crate::app::{Download, Pending, Stream};
use crate::store::{StoreError, refusal};

#[wasm_bindgen(module = "/src/shell/export.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn download(
        url: &str,
        user: &str,
        password: &str,
        sql: &str,
        format: &str,
        head: &str,
        limit_ms: f64,
        release: &JsValue,
    ) -> Result<JsValue, JsValue>;
}

pub(super) fn export(wanted: Download) -> Pending<Result<Stream, StoreError>> {
    Box::pin(async move {
        let Download { url, user, password, sql, format, head, limit, hold } = wanted;
        // Released when the stream ends, or when the host drops it.
        let release = Closure::once_into_js(move || drop(hold));
        let limit_ms = limit.as_secs_f64() * 1000.0;
        let answer = download(&url, &user, &password, &sql, format, &head, limit_ms, &release)
            .await
            .map_err(|error| StoreError::Unreachable(format!("{error:?}").chars().take(200).collect()))?;
        let field = |name: &str| Reflect::get(&answer, &name.into()).unwrap_or(JsValue::UNDEFINED);
        let stream = field("stream");
        if stream.is_object() {
            return Ok(Stream(Box::new(stream)));
        }
        let text = |name: &str| field(name).as_string().unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an HTTP status")]
        let status = field("status").as_f64().unwrap_or_default() as u16;
        Err(refusal(status, &text("code"), text("words")))
    })
}
