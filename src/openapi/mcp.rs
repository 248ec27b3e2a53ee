//! The endpoints of agents. What is in a message is the protocol's; the tools say themselves what they take.

use serde_json::{Value, json};

use super::Schemas;
use super::build::{closed, described, examples, object, one_of, reference};
use super::operation::Operation;
use intake::error::ErrorCode;

const ABOUT: &str = "One JSON-RPC message of MCP 2026-07-28, 2025-11-25 or 2025-06-18 a request, over Streamable HTTP, \
    without sessions. A notification is answered with 202. A fault of the protocol is a JSON-RPC error; what is wrong \
    with a tool's arguments, or keeps it from answering, stands in its result (`isError`). A page may come only where \
    `MCP_ALLOWED_ORIGINS` names its origin.";

pub(super) fn operations() -> Vec<Operation> {
    [
        ("/mcp", "mcp", "Tools and resources of the key's project"),
        ("/mcp/account", "mcpAccount", "Tools and resources over all projects of an organization"),
    ]
    .into_iter()
    .map(|(path, id, summary)| {
        Operation::new("POST", path, id, "Agents", summary)
            .about(ABOUT)
            .takes(vec![
                header("MCP-Protocol-Version", "The revision; must be that of `_meta` where there is one."),
                header("Mcp-Method", "The message's method: from 2026-07-28 on."),
                header("Mcp-Name", "The tool's name or the resource's address, plain or as `=?base64?…?=`."),
            ])
            .reads("McpMessage")
            .answers(200, "McpAnswer")
            .answers_nothing(202)
            .answers(400, "McpAnswer")
            .answers(404, "McpAnswer")
            .fails(&[ErrorCode::OriginNotAllowed, ErrorCode::PayloadTooLarge, ErrorCode::UnsupportedMediaType])
    })
    .collect()
}

fn header(name: &str, about: &str) -> Value {
    json!({ "name": name, "in": "header", "description": about, "schema": { "type": "string" } })
}

pub(super) fn schemas() -> Schemas {
    let id = json!({ "type": ["string", "integer"], "maxLength": 256 });
    let message = object(
        &["jsonrpc", "method"],
        json!({
            "jsonrpc": { "const": "2.0" },
            "id": described(id, "Absent: a notification."),
            "method": one_of([
                "server/discover", "initialize", "notifications/initialized", "ping", "tools/list", "tools/call",
                "resources/list", "resources/templates/list", "resources/read",
            ]),
            "params": { "type": "object" },
        }),
    );
    let error = closed(
        &["code", "message"],
        json!({ "code": { "type": "integer" }, "message": { "type": "string" }, "data": {} }),
    );
    let answer = closed(
        &["jsonrpc", "id"],
        json!({
            "jsonrpc": { "const": "2.0" },
            "id": { "type": ["string", "integer", "null"] },
            "result": { "type": "object" },
            "error": reference("McpError"),
        }),
    );
    vec![
        (
            "McpMessage",
            examples(
                message,
                json!([
                    { "jsonrpc": "2.0", "id": 1, "method": "tools/list" },
                    { "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
                        "name": "top_sources", "arguments": { "date_range": "last 30 days" },
                    } },
                ]),
            ),
        ),
        ("McpError", error),
        ("McpAnswer", answer),
    ]
}
