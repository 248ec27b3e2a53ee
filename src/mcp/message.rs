//! One JSON-RPC message: a request, a notification or a response.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

/// Most characters of a request's id, which is sent back.
const MAX_ID: usize = 256;

/// What a body holds.
#[derive(Debug, PartialEq)]
pub enum Message {
    /// Something that is to be answered.
    Call(Call),
    /// Something that is told; nothing here depends on any of it.
    Notification,
    /// An answer to a request, of which this server makes none.
    Response,
}

/// A request.
#[derive(Debug, PartialEq)]
pub struct Call {
    /// A text or a whole number.
    pub id: Value,
    /// The method.
    pub method: String,
    /// Its parameters.
    pub params: Map<String, Value>,
}

/// A fault of the protocol. What is wrong with a tool's arguments is none: a model is told that in a result.
#[derive(Debug, PartialEq)]
pub struct RpcError {
    /// The HTTP status that goes with it.
    pub status: u16,
    /// The JSON-RPC code.
    pub code: i32,
    /// What is wrong.
    pub message: Cow<'static, str>,
    /// More of it, for programs.
    pub data: Option<Value>,
}

impl RpcError {
    /// A fault without data.
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

/// Reads a body.
///
/// # Errors
/// −32700 where it is no JSON, −32600 where it is no message, −32602 where its parameters are no object; with the
/// id, as far as there is one.
pub fn read(body: &[u8]) -> Result<Message, (Value, RpcError)> {
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| (Value::Null, RpcError::new(400, -32700, format!("the body is not JSON: {error}"))))?;
    let invalid = |message: &'static str| (Value::Null, RpcError::new(400, -32600, message));
    let mut members = match value {
        Value::Object(members) => members,
        Value::Array(_) => return Err(invalid("batches are not part of the protocol: send one message a request")),
        _ => return Err(invalid("a message is a JSON object")),
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
            return Err(invalid("id must be a text of at most 256 characters or a whole number"));
        }
    }
    let method = match members.remove("method") {
        Some(Value::String(method)) => method,
        None if id.is_some() && (members.contains_key("result") || members.contains_key("error")) => {
            return Ok(Message::Response);
        }
        _ => return Err(invalid("method must be a text")),
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
    // Written by hand around the result, which may be large.
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}")
}

/// The refusal of a message.
pub fn refused(id: &Value, error: &RpcError) -> String {
    let mut told = json!({ "code": error.code, "message": error.message });
    if let Some(data) = &error.data {
        told["data"] = data.clone();
    }
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{told}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_apart() {
        let call = read(br#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#).unwrap();
        assert_eq!(call, Message::Call(Call { id: 7.into(), method: "ping".into(), params: Map::new() }));
        let told = read(br#"{"jsonrpc":"2.0","method":"notifications/initialized","params":[]}"#);
        assert_eq!(told, Ok(Message::Notification));
        assert_eq!(read(br#"{"jsonrpc":"2.0","id":"a","result":{}}"#), Ok(Message::Response));
    }

    #[test]
    fn what_is_no_message_has_its_code() {
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
