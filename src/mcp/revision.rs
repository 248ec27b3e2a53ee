//! The protocol revision of a request. From 2026-07-28 on, each request names it in a header and in `_meta`, and both
//! must agree. Older revisions negotiate it in a handshake; the server keeps no state of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::message::{Call, RpcError};

/// The revision without a handshake.
pub const STATELESS: &str = "2026-07-28";
/// Revisions with a handshake, newest first.
pub const OLDER: [&str; 2] = ["2025-11-25", "2025-06-18"];

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// The family of a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// 2026-07-28.
    Stateless,
    /// 2025-11-25 or 2025-06-18.
    Older,
}

/// The headers of the transport.
#[derive(Debug, Default)]
pub struct Headers<'a> {
    /// `MCP-Protocol-Version`
    pub version: Option<&'a str>,
    /// `Mcp-Method`
    pub method: Option<&'a str>,
    /// `Mcp-Name`
    pub name: Option<&'a str>,
}

/// All supported revisions, newest first.
pub fn supported() -> Value {
    json!([STATELESS, OLDER[0], OLDER[1]])
}

/// Finds the revision of a request.
///
/// # Errors
/// −32020 if headers and body differ, −32022 for an unsupported revision, −32602 if `_meta` lacks a required member; all
/// with HTTP 400.
pub fn era_of(call: &Call, headers: &Headers<'_>) -> Result<Era, RpcError> {
    let meta = call.params.get("_meta").and_then(Value::as_object);
    let header = headers.version.map(str::trim);
    let version = match meta.and_then(|meta| meta.get(VERSION)) {
        None => {
            return match header {
                // Clients with a handshake send no header with their first request.
                None => Ok(Era::Older),
                Some(version) if OLDER.contains(&version) => Ok(Era::Older),
                Some(STATELESS) => Err(lacks(VERSION)),
                Some(version) => Err(unsupported(version)),
            };
        }
        Some(Value::String(version)) => version.as_str(),
        Some(_) => return Err(lacks(VERSION)),
    };
    if header != Some(version) {
        return Err(differs("MCP-Protocol-Version", "_meta's protocol version"));
    }
    if OLDER.contains(&version) {
        return Ok(Era::Older);
    }
    if version != STATELESS {
        return Err(unsupported(version));
    }
    if !meta.and_then(|meta| meta.get(CAPABILITIES)).is_some_and(Value::is_object) {
        return Err(lacks(CAPABILITIES));
    }
    if headers.method.map(str::trim) != Some(&call.method) {
        return Err(differs("Mcp-Method", "the method"));
    }
    let name = match call.method.as_str() {
        "tools/call" | "prompts/get" => call.params.get("name"),
        "resources/read" => call.params.get("uri"),
        _ => None,
    };
    if let Some(name) = name.and_then(Value::as_str)
        && headers.name.and_then(decoded).as_deref() != Some(name)
    {
        return Err(differs("Mcp-Name", "the name in the body"));
    }
    Ok(Era::Stateless)
}

/// The revision for a handshake: the requested one if supported, otherwise the newest with a handshake.
pub fn negotiated(asked: Option<&Value>) -> &'static str {
    let asked = asked.and_then(Value::as_str);
    OLDER.into_iter().find(|known| asked == Some(known)).unwrap_or(OLDER[0])
}

/// Decodes a header's value: plain, or Base64 as `=?base64?…?=`.
fn decoded(header: &str) -> Option<String> {
    let header = header.trim();
    match header.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        None => Some(header.to_owned()),
        Some(packed) => String::from_utf8(STANDARD.decode(packed).ok()?).ok(),
    }
}

fn differs(header: &str, body: &str) -> RpcError {
    RpcError::new(400, -32020, format!("the header {header} is required and must equal {body}"))
}

fn lacks(name: &str) -> RpcError {
    RpcError::new(400, -32602, format!("_meta: {name} is missing or invalid"))
}

fn unsupported(version: &str) -> RpcError {
    let requested: String = version.chars().take(64).collect();
    let data = json!({ "supported": supported(), "requested": requested });
    RpcError::new(400, -32022, "unsupported protocol version").with(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "it reads better where it is called")]
    fn call(method: &str, params: Value) -> Call {
        Call { id: 1.into(), method: method.to_owned(), params: params.as_object().cloned().unwrap_or_default() }
    }

    fn meta(version: &str) -> Value {
        json!({ VERSION: version, CAPABILITIES: {} })
    }

    fn code(call: &Call, version: Option<&str>, method: Option<&str>, name: Option<&str>) -> i32 {
        match era_of(call, &Headers { version, method, name }) {
            Ok(_) => 0,
            Err(error) => {
                assert_eq!(error.status, 400);
                error.code
            }
        }
    }

    #[test]
    fn the_handshake_needs_no_headers() {
        let plain = call("initialize", json!({}));
        for version in [None, Some("2025-11-25"), Some("2025-06-18"), Some(" 2025-06-18 ")] {
            assert_eq!(era_of(&plain, &Headers { version, ..Headers::default() }).unwrap(), Era::Older);
        }
        assert_eq!(code(&plain, Some("2024-01-01"), None, None), -32022);
        assert_eq!(negotiated(Some(&json!("2025-06-18"))), "2025-06-18");
        assert_eq!(negotiated(Some(&json!("1999-01-01"))), "2025-11-25");
        assert_eq!(negotiated(None), "2025-11-25");
    }

    #[test]
    fn without_it_headers_and_body_agree() {
        let now = Some(STATELESS);
        let list = call("tools/list", json!({ "_meta": meta(STATELESS) }));
        assert_eq!(code(&list, now, Some("tools/list"), None), 0);
        assert_eq!(code(&list, now, Some(" tools/list "), None), 0);
        for (version, method) in [
            (None, Some("tools/list")),
            (Some("2025-11-25"), Some("tools/list")),
            (now, None),
            (now, Some("TOOLS/LIST")),
            (now, Some("tools/call")),
        ] {
            assert_eq!(code(&list, version, method, None), -32020, "{version:?} {method:?}");
        }
        let used = call("tools/call", json!({ "name": "größe", "_meta": meta(STATELESS) }));
        let packed = format!("=?base64?{}?=", STANDARD.encode("größe"));
        for (name, wanted) in [
            (Some("größe"), 0),
            (Some("  größe "), 0),
            (Some(packed.as_str()), 0),
            (Some("=?base64?Z3LDtsOfZ?="), -32020),
            (Some("=?base64?!!?="), -32020),
            (Some("Größe"), -32020),
            (None, -32020),
        ] {
            assert_eq!(code(&used, now, Some("tools/call"), name), wanted, "{name:?}");
        }
    }

    #[test]
    fn what_meta_lacks_is_told_before_anything_else() {
        let now = Some(STATELESS);
        for params in [
            json!({}),
            json!({ "_meta": {} }),
            json!({ "_meta": { VERSION: 7, CAPABILITIES: {} } }),
            json!({ "_meta": { VERSION: STATELESS } }),
            json!({ "_meta": { VERSION: STATELESS, CAPABILITIES: [] } }),
        ] {
            assert_eq!(code(&call("tools/list", params), now, None, None), -32602);
        }
        let error = era_of(
            &call("tools/list", json!({ "_meta": meta("v999") })),
            &Headers { version: Some("v999"), ..Headers::default() },
        )
        .unwrap_err();
        assert_eq!(error.code, -32022);
        assert_eq!(error.data.unwrap(), json!({ "supported": supported(), "requested": "v999" }));
        assert_eq!(code(&call("tools/list", json!({ "_meta": meta("v999") })), now, None, None), -32020);
    }
}
