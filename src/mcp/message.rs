//! One JSON-RPC message: a request, a notification or a response.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value, json};

/// Maximum length of a request's id, in characters. It is sent back.
const MAX_ID: usize = 256;

/// A parsed body.
#[derive(Debug, PartialEq)]
pub enum Message {
    /// A request, which gets an answer.
    Call(Call),
    /// A notification. The server ignores all of them.
    Notification,
    /// A response. The server sends no requests, so it ignores them.
    Response,
}

/// A request.
#[derive(Debug, PartialEq)]
pub struct Call {
    /// A string or a whole number.
    pub id: Value,
    /// The method.
    pub method: String,
    /// Its parameters.
    pub params: Map<String, Value>,
}

/// A protocol error. Invalid arguments of a tool are not: they are reported in the tool's result, where the model sees
/// them.
#[derive(Debug, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "McpError", deny_unknown_fields))]
pub struct RpcError {
    /// The HTTP status.
    #[serde(skip)]
    pub status: u16,
    /// The JSON-RPC code.
    pub code: i32,
    /// What is wrong.
    pub message: Cow<'static, str>,
    /// Details for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl RpcError {
    /// An error without data.
    pub fn new(status: u16, code: i32, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), data: None }
    }

    /// With data.
    #[must_use]
    pub fn with(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }
}

/// Parses a body.
///
/// # Errors
/// −32700 if it is not JSON, −32600 if it is not a message, −32602 if its parameters are not an object; with the id if
/// there is one.
pub fn read(body: &[u8]) -> Result<Message, (Value, RpcError)> {
    let value: Value = intake::json::read(body)
        .map_err(|error| (Value::Null, RpcError::new(400, -32700, format!("the body is not JSON: {error}"))))?;
    let invalid = |message: &'static str| (Value::Null, RpcError::new(400, -32600, message));
    let mut members = match value {
        Value::Object(members) => members,
        Value::Array(_) => return Err(invalid("batches are not supported; send one message per request")),
        _ => return Err(invalid("a message must be a JSON object")),
    };
    if members.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(invalid("jsonrpc must be \"2.0\""));
    }
    let id = members.remove("id");
    if let Some(id) = &id {
        let fits = match id {
            Value::String(text) => text.chars().count() <= MAX_ID,
            Value::Number(number) => number.is_i64() || number.is_u64(),
            _ => false,
        };
        if !fits {
            return Err(invalid("id must be a string of at most 256 characters or a whole number"));
        }
    }
    let method = match members.remove("method") {
        Some(Value::String(method)) => method,
        None if id.is_some() && (members.contains_key("result") || members.contains_key("error")) => {
            return Ok(Message::Response);
        }
        _ => return Err(invalid("method must be a string")),
    };
    let Some(id) = id else { return Ok(Message::Notification) };
    match members.remove("params") {
        None => Ok(Message::Call(Call { id, method, params: Map::new() })),
        Some(Value::Object(params)) => Ok(Message::Call(Call { id, method, params })),
        Some(_) => Err((id, RpcError::new(400, -32602, "params must be an object"))),
    }
}

/// The answer to a request.
pub fn reply(id: &Value, result: &Value) -> String {
    // Written around the result, which can be large, instead of copying it.
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}")
}

/// An error in answer to a message.
pub fn refused(id: &Value, error: &RpcError) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{}}}", json!(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_distinguished() {
        let call = read(br#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#).unwrap();
        assert_eq!(call, Message::Call(Call { id: 7.into(), method: "ping".into(), params: Map::new() }));
        let sent = read(br#"{"jsonrpc":"2.0","method":"notifications/initialized","params":[]}"#);
        assert_eq!(sent, Ok(Message::Notification));
        assert_eq!(read(br#"{"jsonrpc":"2.0","id":"a","result":{}}"#), Ok(Message::Response));
    }

    #[test]
    fn an_invalid_message_has_its_code() {
        for (body, code, id) in [
            ("", -32700, Value::Null),
            ("{", -32700, Value::Null),
            ("[]", -32600, Value::Null),
            (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600, Value::Null),
            ("1", -32600, Value::Null),
            (r#"{"id":1,"method":"ping"}"#, -32600, Value::Null),
            (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600, Value::Null),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600, Value::Null),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600, Value::Null),
            (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, -32600, Value::Null),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600, Value::Null),
            (r#"{"jsonrpc":"2.0","id":1}"#, -32600, Value::Null),
            (r#"{"jsonrpc":"2.0","id":"x","method":"ping","params":[]}"#, -32602, "x".into()),
        ] {
            let (found, error) = read(body.as_bytes()).unwrap_err();
            assert_eq!((found, error.code, error.status), (id, code, 400), "{body}");
        }
    }

    #[test]
    fn answers_are_json() {
        let error = RpcError::new(404, -32601, "no").with(json!({ "a": 1 }));
        for text in [reply(&json!("a\"b"), &json!({ "x": 1 })), refused(&Value::Null, &error)] {
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value["jsonrpc"], "2.0");
        }
    }
}
