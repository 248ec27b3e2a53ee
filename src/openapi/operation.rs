//! An operation of the document. Parameters, body and answers are given; callers and errors follow from the route's
//! access.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::build::reference;
use crate::app::Route;
use intake::error::ErrorCode;
use intake::key::{Access, GRANTS, Kind};

/// The parts of an operation that do not follow from its route.
#[derive(Clone)]
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Its name in generated clients.
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: String,
    pub(super) parameters: Vec<Value>,
    /// `content` of the body, if it has one.
    pub(super) body: Option<Value>,
    /// Status, media type and schema of its answers.
    pub(super) answers: Vec<(u16, &'static str, Value)>,
    /// Error codes in addition to those that follow from its access.
    pub(super) codes: &'static [ErrorCode],
}

impl Operation {
    pub(super) fn new(
        method: &'static str,
        path: &'static str,
        id: &'static str,
        tag: &'static str,
        summary: &'static str,
    ) -> Self {
        let (parameters, answers) = (Vec::new(), Vec::new());
        Self { method, path, id, tag, summary, description: String::new(), parameters, body: None, answers, codes: &[] }
    }

    pub(super) fn about(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    pub(super) fn takes(mut self, parameters: Vec<Value>) -> Self {
        self.parameters = parameters;
        self
    }

    /// A body in JSON.
    pub(super) fn reads(mut self, schema: &'static str) -> Self {
        self.body = Some(json!({ "application/json": { "schema": reference(schema) } }));
        self
    }

    /// A body in JSON, by its schema.
    pub(super) fn reads_schema(mut self, schema: &Value) -> Self {
        self.body = Some(json!({ "application/json": { "schema": schema } }));
        self
    }

    /// An answer in JSON.
    pub(super) fn answers(self, status: u16, schema: &'static str) -> Self {
        self.answers_with(status, "application/json", reference(schema))
    }

    pub(super) fn answers_with(mut self, status: u16, media_type: &'static str, schema: Value) -> Self {
        self.answers.push((status, media_type, schema));
        self
    }

    /// An answer without a body.
    pub(super) fn answers_nothing(self, status: u16) -> Self {
        self.answers_with(status, "", Value::Null)
    }

    pub(super) fn fails(mut self, codes: &'static [ErrorCode]) -> Self {
        self.codes = codes;
        self
    }

    pub(super) fn is(&self, route: &Route) -> bool {
        self.method == route.method && self.path == route.path
    }

    /// The operation. Its errors are components: routes share most of them.
    pub(super) fn json(&self, route: &Route, components: &mut Map<String, Value>) -> Value {
        let mut responses = Map::new();
        for (status, media_type, schema) in &self.answers {
            let mut headers = json!({ "X-Request-Id": { "$ref": "#/components/headers/X-Request-Id" } });
            if self.codes.contains(&ErrorCode::RateLimited) {
                for name in ["RateLimit", "RateLimit-Policy"] {
                    headers[name] = json!({ "$ref": format!("#/components/headers/{name}") });
                }
            }
            if let Some(answer) = responses.get_mut(&status.to_string()) {
                // The same answer in another media type.
                answer["content"][*media_type] = json!({ "schema": schema });
                continue;
            }
            if media_type.is_empty() {
                responses.insert(
                    status.to_string(),
                    json!({ "description": "Accepted. The answer has no body.", "headers": headers }),
                );
                continue;
            }
            let content = json!({ *media_type: { "schema": schema } });
            let answer = json!({ "description": meaning(*status), "headers": headers, "content": content });
            responses.insert(status.to_string(), answer);
        }
        let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
        let mut codes: Vec<ErrorCode> = route.access().map(codes_of).unwrap_or_default();
        codes.extend(self.codes);
        for code in ErrorCode::ALL.iter().filter(|code| codes.contains(code)) {
            by_status.entry(code.status()).or_default().push(*code);
        }
        for (status, codes) in by_status {
            let name = codes.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(".");
            responses.insert(status.to_string(), json!({ "$ref": format!("#/components/responses/{name}") }));
            components.insert(name, refusal(&codes));
        }
        let mut operation = json!({
            "operationId": self.id, "tags": [self.tag], "summary": self.summary, "responses": responses,
            "security": security(route.access()),
        });
        let who = route.access().map(who);
        let description: Vec<&str> = [self.description.as_str(), who.as_deref().unwrap_or("No key.")]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        operation["description"] = description.join("\n\n").into();
        let mut parameters = self.parameters.clone();
        if self.path.contains("{id}") {
            let id = json!({ "type": "string", "format": "uuid" });
            parameters.insert(0, json!({ "name": "id", "in": "path", "required": true, "schema": id }));
        }
        if !parameters.is_empty() {
            operation["parameters"] = parameters.into();
        }
        if let Some(content) = &self.body {
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        operation
    }
}

fn meaning(status: u16) -> &'static str {
    match status {
        200 => "OK.",
        201 => "Created.",
        202 => "Accepted and stored durably.",
        304 => "Not modified.",
        400 | 404 => "Refused.",
        503 => "Not ready.",
        _ => "Done.",
    }
}

/// The error codes of every operation with this access.
fn codes_of(access: Access) -> Vec<ErrorCode> {
    let mut codes = vec![
        ErrorCode::MissingBearerToken,
        ErrorCode::MalformedApiKey,
        ErrorCode::InvalidApiKey,
        ErrorCode::ExpiredApiKey,
        ErrorCode::RevokedApiKey,
        ErrorCode::InternalError,
        ErrorCode::UpstreamFailed,
        ErrorCode::ControlPlaneUnavailable,
    ];
    codes.extend(Kind::ALL.iter().filter_map(|kind| access.check(*kind, &[]).err()));
    if GRANTS.iter().any(|grant| grant.access == access && grant.kind == Kind::Publishable) {
        codes.extend([ErrorCode::OriginNotAllowed, ErrorCode::KeyInQueryNotAllowed]);
    }
    if access == Access::Manage {
        codes.push(ErrorCode::InvalidSession);
    }
    codes
}

/// The kinds of keys that may call it, with the scope that they need.
fn who(access: Access) -> String {
    let kinds: Vec<String> = GRANTS
        .iter()
        .filter(|grant| grant.access == access)
        .map(|grant| format!("`{}` (scope `{}`)", grant.kind.as_str(), grant.scope.as_str()))
        .collect();
    let session = if access == Access::Manage { ", or a signed-in user's token" } else { "" };
    format!("Keys: {}{session}.", kinds.join(", "))
}

fn security(access: Option<Access>) -> Value {
    match access {
        None => json!([]),
        Some(Access::Ingest) => json!([{ "key": [] }, { "publishable": [] }]),
        Some(Access::Manage) => json!([{ "key": [] }, { "session": [] }]),
        Some(_) => json!([{ "key": [] }]),
    }
}

pub(super) fn security_schemes() -> Value {
    json!({
        "key": {
            "type": "http", "scheme": "bearer", "bearerFormat": "{kind}_{env}_{prefix}_{secret}",
            "description": "An API key: `pk` sends events from pages of its allowed origins, `sk` writes and reads from servers, \
                `rk` reads, `ak` is for a whole organization. Its scopes can narrow what its kind may do.",
        },
        "publishable": {
            "type": "apiKey", "in": "query", "name": "key",
            "description": "A `pk` key, for beacons, which cannot set headers. Other kinds of keys are refused in a URL.",
        },
        "session": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "The access token of a user who is signed in with Supabase.",
        },
    })
}

/// The response for the error codes of one status.
fn refusal(codes: &[ErrorCode]) -> Value {
    let words: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let titles: Vec<String> = codes.iter().map(|code| format!("`{}`: {}", code.as_str(), code.title())).collect();
    let mut headers = json!({ "X-Request-Id": { "$ref": "#/components/headers/X-Request-Id" } });
    let more: &[&str] = match codes.first().map(|code| code.status()) {
        Some(401) => &["WWW-Authenticate"],
        Some(429) => &["Retry-After", "RateLimit", "RateLimit-Policy"],
        Some(503) => &["Retry-After"],
        _ => &[],
    };
    for name in more {
        headers[*name] = json!({ "$ref": format!("#/components/headers/{name}") });
    }
    let schema = json!({ "allOf": [reference("Problem"), { "properties": { "error": { "enum": words } } }] });
    json!({
        "description": format!("{}.", titles.join("; ")), "headers": headers,
        "content": { "application/problem+json": { "schema": schema } },
    })
}

pub(super) fn headers() -> Value {
    let text = |description: &str, example: &str| json!({ "description": description, "schema": { "type": "string", "examples": [example] } });
    json!({
        "X-Request-Id": text("Id of this request in the logs.", "req_83e04fb9e81623e4575c96a25d1c5390"),
        "Retry-After": {
            "description": "Seconds to wait before sending the same request again.",
            "schema": { "type": "integer", "minimum": 0, "examples": [2] },
        },
        "RateLimit": text("The rest of a rate limit, and seconds until it is full again.", "\"questions\";r=39;t=1"),
        "RateLimit-Policy": text("A rate limit and its window in seconds.", "\"questions\";q=40;w=4"),
        "WWW-Authenticate": text("How to send a key.", "Bearer"),
    })
}
