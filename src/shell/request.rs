//! A Workers request in the form that the app reads.

use std::borrow::Cow;
use std::cell::OnceCell;

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast as _, JsValue};

use super::boundary;
use crate::app::{BODY_TIMEOUT, BodyError, Inbound, Place};

/// Headers that nearly every request needs. They are passed with it.
const PACKED: &[&str] = &["authorization", "content-type", "content-encoding", "content-length", "origin"];

/// Further headers that a browser's event needs. All are fetched when the first of them is read.
const SENDER: &[&str] = &[
    "cf-connecting-ip",
    "user-agent",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "accept-language",
    "dnt",
    "sec-gpc",
];

/// A request. Values that need a call into JavaScript are fetched once.
pub(super) struct WorkerRequest {
    request: JsValue,
    /// Method, URL and the values of [`PACKED`], one per line. None can contain a line break.
    head: String,
    /// A small body that was passed with the request.
    body: Option<Vec<u8>>,
    sender: OnceCell<String>,
    place: OnceCell<String>,
}

/// Names of the headers that are passed with each request.
pub(super) fn packed_headers() -> String {
    PACKED.join("\n")
}

/// [`BODY_TIMEOUT`] in milliseconds, for JavaScript.
pub(super) fn body_timeout_ms() -> u32 {
    u32::try_from(BODY_TIMEOUT.as_millis()).unwrap_or(u32::MAX)
}

impl WorkerRequest {
    pub(super) fn new(request: JsValue, head: String, body: Option<Vec<u8>>) -> Self {
        Self { request, head, body, sender: OnceCell::new(), place: OnceCell::new() }
    }

    fn line(&self, index: usize) -> &str {
        self.head.split('\n').nth(index).unwrap_or_default()
    }

    /// Path and query. The runtime has parsed this URL already, so taking it apart by hand is safe and cheap.
    fn target(&self) -> (&str, &str) {
        let url = self.line(1);
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let target = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
        let target = target.split('#').next().unwrap_or_default();
        target.split_once('?').unwrap_or((target, ""))
    }

    fn place_line(&self, index: usize) -> String {
        let place = self.place.get_or_init(|| boundary::place(&self.request));
        place.split('\n').nth(index).unwrap_or_default().to_owned()
    }
}

impl Inbound for WorkerRequest {
    fn method(&self) -> &str {
        self.line(0)
    }

    fn path(&self) -> &str {
        self.target().0
    }

    fn query(&self) -> &str {
        self.target().1
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let value = if let Some(index) = PACKED.iter().position(|packed| *packed == name) {
            Cow::Borrowed(self.line(2 + index))
        } else if let Some(index) = SENDER.iter().position(|sender| *sender == name) {
            let values = self.sender.get_or_init(|| boundary::headers(&self.request, &SENDER.join("\n")));
            Cow::Borrowed(values.split('\n').nth(index).unwrap_or_default())
        } else {
            Cow::Owned(boundary::header(&self.request, name))
        };
        Some(value).filter(|value| !value.is_empty())
    }

    fn place(&self) -> Place {
        Place { country: self.place_line(1), region: self.place_line(2), city: self.place_line(3) }
    }

    fn continent(&self) -> String {
        self.place_line(0)
    }

    async fn body(&mut self, announced: Option<usize>, limit: usize) -> Result<Vec<u8>, BodyError> {
        if announced.is_some_and(|length| length > limit) {
            return Err(BodyError::TooLarge);
        }
        if let Some(body) = self.body.take() {
            return if body.len() > limit { Err(BodyError::TooLarge) } else { Ok(body) };
        }
        let bound = u32::try_from(limit).unwrap_or(u32::MAX);
        let body = boundary::body(&self.request, announced.is_some(), bound, body_timeout_ms()).await;
        if let Some(bytes) = body.dyn_ref::<Uint8Array>() {
            return Ok(bytes.to_vec());
        }
        Err(body.as_string().map_or(BodyError::TooLarge, BodyError::Broken))
    }
}
