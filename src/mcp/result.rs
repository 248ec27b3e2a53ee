//! The form of a result in each revision of the protocol.

use serde_json::{Value, json};

use super::revision::Era;

/// How long a client may cache a list, in milliseconds. A list depends on the key and on the build.
const TTL_MS: u64 = 300_000;

/// Adds what the revision requires of a result. Lists and resources are cacheable.
pub fn finish(era: Era, mut result: Value, is_cacheable: bool) -> Value {
    if era == Era::Stateless {
        result["resultType"] = "complete".into();
        result["_meta"] = json!({ "io.modelcontextprotocol/serverInfo": server_info() });
        if is_cacheable {
            result["ttlMs"] = TTL_MS.into();
            result["cacheScope"] = "private".into();
        }
    }
    result
}

pub(super) fn server_info() -> Value {
    json!({ "name": "headwater", "title": "Headwater", "version": env!("CARGO_PKG_VERSION") })
}
