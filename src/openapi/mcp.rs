//! The MCP endpoints. The protocol defines the messages; `tools/list` has the schemas of the tools.

use serde_json::{Value, json};

use super::Schemas;
use super::build::{closed, described, examples, object, one_of, reference};
use super::derive::Derived;
use super::operation::Operation;
use crate::mcp::RpcError;
use intake::error::ErrorCode;

const ABOUT: &str = "One JSON-RPC message of MCP 2026-07-28, 2025-11-25 or 2025-06-18 per request, over Streamable HTTP, \
    without sessions. A notification is answered with 202. A protocol error is a JSON-RPC error; an error of a tool \
    is in its result (`isError`). Requests from a page need an `Origin` that \
    `MCP_ALLOWED_ORIGINS` lists.";

pub(super) fn operations() -> Vec<Operation> {
    [
        ("/mcp", "mcp", "Tools and resources of the key's project"),
        ("/mcp/account", "mcpAccount", "Tools and resources over all projects of an organization"),
    ]
    .into_iter()
    .map(|(path, id, summary)| {
        Operation::new("POST", path, id, "MCP", summary)
            .about(ABOUT)
            .takes(vec![
                header("MCP-Protocol-Version", "The protocol revision. Must equal that of `_meta`, if it has one."),
                header("Mcp-Method", "The message's method. Required from revision 2026-07-28 on."),
                header("Mcp-Name", "The tool's name or the resource's URI, plain or as `=?base64?…?=`."),
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
            "id": described(id, "Absent in a notification."),
            "method": one_of([
                "server/discover", "initialize", "notifications/initialized", "ping", "tools/list", "tools/call",
                "resources/list", "resources/templates/list", "resources/read",
            ]),
            "params": { "type": "object" },
        }),
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
    let schemas = [
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
        ("McpAnswer", answer),
    ];
    let written = schemas.into_iter().map(|(name, schema)| (name.to_owned(), schema));
    written.chain(Derived::new().answer::<RpcError>(Value::Null).schemas()).collect()
}
