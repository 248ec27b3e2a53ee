//! `GET /openapi.json`: the contract as a document, made of the code by a test (`src/openapi`).

use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

use super::inbound::{Inbound, Reply};

const DOCUMENT: &[u8] = include_bytes!("../../docs/openapi.json");

/// The document, or 304 where the caller has it. An hour of caching: a client that is generated from it is
/// never in a hurry, and a deployment may change it.
pub(super) fn document(request: &impl Inbound) -> Reply {
    let known = request.header("if-none-match").is_some_and(|tags| tags.contains(tag()));
    let reply = if known { Reply::empty(304) } else { Reply::json(200, DOCUMENT) };
    reply.header("etag", tag()).header("cache-control", "public, max-age=3600")
}

/// Names this version of the document.
fn tag() -> &'static str {
    static TAG: OnceLock<String> = OnceLock::new();
    TAG.get_or_init(|| {
        let digest = Sha256::digest(DOCUMENT);
        format!("\"{}\"", crate::hex::encode(digest.get(..8).unwrap_or_default()))
    })
}
