//! Files that are part of the Worker: `GET /v1/a.js` (`/s.js`), the script that pages load (`sdk-browser`), and
//! `GET /openapi.json`, the contract as a document, made of the code by a test (`src/openapi`). They need no
//! configuration, no key and no store.

use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

use super::inbound::{Body, Inbound, Reply};
use intake::ingest::Encoding;

/// Largest file, not compressed.
const MAX_BYTES: usize = 1 << 20;

/// A file with what is sent along.
struct File {
    bytes: &'static [u8],
    /// How `bytes` are compressed. Answers are not: the network compresses them for clients that ask for it.
    encoding: Encoding,
    content_type: &'static str,
    /// With the whole file and with a 304.
    headers: &'static [(&'static str, &'static str)],
    /// Names this version; made when it is first asked for.
    tag: OnceLock<String>,
}

/// A client that is generated from it is never in a hurry, and a deployment may change it.
static OPENAPI: File = File {
    bytes: include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.gz")),
    encoding: Encoding::Gzip,
    content_type: "application/json",
    headers: &[("cache-control", "public, max-age=3600")],
    tag: OnceLock::new(),
};

/// After an hour a visitor's browser looks for a new one, without making the page wait for it; where a proxy stands in
/// front, it goes on with the old one while the Worker does not answer. Any page may load it, also with `crossorigin`,
/// `integrity`, or where only what says so may be embedded (COEP).
static SCRIPT: File = File {
    bytes: include_bytes!("../../sdk-browser/served/a.js"),
    encoding: Encoding::Identity,
    content_type: "text/javascript; charset=utf-8",
    headers: &[
        ("cache-control", "public, max-age=3600, stale-while-revalidate=86400, stale-if-error=604800"),
        ("access-control-allow-origin", "*"),
        ("cross-origin-resource-policy", "cross-origin"),
        ("x-content-type-options", "nosniff"),
    ],
    tag: OnceLock::new(),
};

/// A file that is part of the Worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// `GET /openapi.json`
    OpenApi,
    /// `GET /v1/a.js`, `GET /s.js`
    Script,
}

/// The file, or 304 where the caller has it.
pub(super) fn document(what: Document, request: &impl Inbound) -> Reply {
    let file = match what {
        Document::OpenApi => &OPENAPI,
        Document::Script => &SCRIPT,
    };
    let tag = file.tag();
    let known = request.header("if-none-match").is_some_and(|tags| tags.contains(tag));
    let mut reply = Reply::empty(if known { 304 } else { 200 });
    if !known {
        reply.body = Body::Whole(file.content());
        reply = reply.header("content-type", file.content_type);
    }
    file.headers.iter().fold(reply.header("etag", tag), |reply, (name, value)| reply.header(name, *value))
}

impl File {
    fn content(&self) -> Vec<u8> {
        // A test reads every file.
        self.encoding.unpack(self.bytes.to_vec(), MAX_BYTES).unwrap_or_default()
    }

    fn tag(&self) -> &str {
        self.tag.get_or_init(|| {
            let digest = Sha256::digest(self.bytes);
            format!("\"{}\"", intake::hex::encode(digest.get(..8).unwrap_or_default()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::inbound::Head;

    /// A request with nothing but the tags that its caller has.
    fn asked(tags: Option<&'static str>) -> Head {
        Head { headers: tags.map(|tags| ("if-none-match", tags)).into_iter().collect(), ..Head::default() }
    }

    fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
        reply.headers.iter().find_map(|(one, value)| (*one == name).then_some(value.as_ref()))
    }

    #[test]
    fn each_file_has_its_own_type_and_tag() {
        let (script, contract) = (document(Document::Script, &asked(None)), document(Document::OpenApi, &asked(None)));
        assert_eq!((script.status, contract.status), (200, 200));
        assert_eq!(header(&script, "content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(header(&contract, "content-type"), Some("application/json"));
        assert_ne!(header(&script, "etag"), header(&contract, "etag"));
        assert_eq!(script.body.bytes(), SCRIPT.bytes);
        assert_eq!(contract.body.bytes(), include_bytes!("../../docs/openapi.json"));
    }

    #[test]
    fn who_has_this_version_gets_no_other() {
        let tag: &'static str = SCRIPT.tag();
        let weak: &'static str = format!("\"0\", W/{tag}").leak();
        for tags in [tag, weak] {
            let reply = document(Document::Script, &asked(Some(tags)));
            assert_eq!((reply.status, reply.body.bytes()), (304, &b""[..]));
            // Without them a browser would throw away what it has.
            assert_eq!(header(&reply, "access-control-allow-origin"), Some("*"));
            assert_eq!(header(&reply, "etag"), Some(tag));
            assert!(header(&reply, "cache-control").is_some_and(|value| value.contains("max-age=3600")));
        }
        assert_eq!(document(Document::Script, &asked(Some(OPENAPI.tag()))).status, 200);
    }
}
