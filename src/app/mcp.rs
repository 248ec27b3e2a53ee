//! `POST /mcp`, `POST /mcp/account`: the questions of REST as tools for agents (`docs/mcp.md`).

use serde_json::{Map, Value, json};

use super::body::Bound;
use super::inbound::{Inbound, Reply};
use super::principal::Principal;
use super::report::Sent;
use super::{After, App, Deadline};
use crate::mcp::{
    Asked, Call, Door, Era, Headers, Message, Resource, RpcError, Tool, What, Who, as_text, asked, contents, era_of,
    failed, finish, read, refused, reply,
};
use intake::error::{ApiError, ErrorCode};

impl App {
    /// Whether a page of this origin may use the endpoints. Agents send none; a browser that was led here by
    /// another site does.
    pub(super) fn is_agents_origin(&self, origin: &str) -> bool {
        self.config.as_ref().is_ok_and(|config| config.mcp_origins.iter().any(|one| one.eq_ignore_ascii_case(origin)))
    }

    /// Refuses what a page sends that is not on the endpoints' own list.
    pub(super) fn check_agents_origin(&self, request: &impl Inbound) -> Result<(), ApiError> {
        match request.header("origin") {
            Some(origin) if !self.is_agents_origin(&origin) => Err(ApiError::new(
                ErrorCode::OriginNotAllowed,
                "pages may use this address only where MCP_ALLOWED_ORIGINS names their origin",
            )),
            _ => Ok(()),
        }
    }

    /// Answers one message, and says what is to be written down of it.
    pub(super) async fn mcp(
        &self,
        request: &mut impl Inbound,
        caller: &Principal,
        body: Bound,
        door: Door,
        deadline: &Deadline,
    ) -> Result<(Reply, Option<After>), ApiError> {
        let body = self.body(request, body, deadline).await?;
        let call = match read(&body.bytes) {
            Ok(Message::Call(call)) => call,
            Ok(Message::Notification | Message::Response) => return Ok((Reply::empty(202), None)),
            Err((id, error)) => return Ok((refusal(&id, &error), None)),
        };
        let header = |name| request.header(name).map(std::borrow::Cow::into_owned);
        let (version, method, name) = (header("mcp-protocol-version"), header("mcp-method"), header("mcp-name"));
        let headers = Headers { version: version.as_deref(), method: method.as_deref(), name: name.as_deref() };
        let key = caller.key()?;
        let who = Who { door, kind: key.kind, scopes: &key.scopes };
        let request = &*request;
        let answered = async {
            let era = era_of(&call, &headers)?;
            Ok(match asked(&call, era, &who)? {
                Asked::Answer(answer) => Done::Answer(answer),
                Asked::Forbidden(tool) => Done::Forbidden(tool),
                Asked::Resource(resource) => Done::Answer(self.resource(caller, era, resource).await?),
                Asked::Tool(tool, given) => {
                    let begin = (self.runtime.now)();
                    let outcome = Box::pin(self.use_tool(request, caller, door, deadline, tool, &given)).await;
                    let (result, failed) = self.result_of(outcome);
                    let duration_ms = (self.runtime.now)().0 - begin.0;
                    let after = After::ToolCalled { key_id: key.id.clone(), tool: tool.name, duration_ms, failed };
                    Done::Used(finish(era, result, false), after)
                }
            })
        };
        Ok(match answered.await {
            Ok(Done::Answer(answer)) => (answer_to(&call, &answer), None),
            Ok(Done::Used(answer, after)) => (answer_to(&call, &answer), Some(after)),
            Ok(Done::Forbidden(tool)) => return Err(forbidden(tool)),
            Err(error) => (refusal(&call.id, &error), None),
        })
    }

    /// A tool's outcome as a model is told it, and whether it failed.
    fn result_of(&self, outcome: Result<Value, ApiError>) -> (Value, bool) {
        match outcome {
            Ok(answer) => {
                let text = as_text(&answer);
                (json!({ "content": [{ "type": "text", "text": text }], "structuredContent": answer }), false)
            }
            Err(error) => {
                if error.code.status() >= 500 {
                    (self.runtime.log)(&error.to_log("mcp"));
                }
                (json!({ "content": [{ "type": "text", "text": failed(&error) }], "isError": true }), true)
            }
        }
    }

    /// Reads a resource.
    async fn resource(&self, caller: &Principal, era: Era, resource: &'static Resource) -> Result<Value, RpcError> {
        let text = self.resource_text(caller, resource.what).await.map_err(|error| {
            if error.code.status() >= 500 {
                (self.runtime.log)(&error.to_log("mcp"));
            }
            RpcError::new(200, -32603, failed(&error))
        })?;
        Ok(contents(era, resource, &text))
    }

    async fn resource_text(&self, caller: &Principal, what: What) -> Result<String, ApiError> {
        let now = (self.runtime.now)();
        self.admit_question(caller, now).await?;
        Ok(match what {
            What::Language => crate::mcp::LANGUAGE.to_owned(),
            What::Definitions => definitions()?.to_string(),
            What::Schema => self.value_of(caller, query::SCHEMA, Sent::Parameters(""), now).await?.to_string(),
            What::Recent => {
                let asked = json!({ "limit": 100 });
                let mut answer = self.value_of(caller, query::EVENTS, Sent::Json(&asked), now).await?;
                crate::mcp::trimmed(&mut answer, &Map::new());
                answer.to_string()
            }
            What::Projects => json!({ "projects": self.projects_of(caller).await? }).to_string(),
        })
    }
}

/// What became of a request.
enum Done {
    Answer(Value),
    Used(Value, After),
    Forbidden(&'static Tool),
}

fn answer_to(call: &Call, answer: &Value) -> Reply {
    Reply::json(200, reply(&call.id, answer)).header("cache-control", "private, no-store")
}

fn refusal(id: &Value, error: &RpcError) -> Reply {
    Reply::json(error.status, refused(id, error)).header("cache-control", "no-store")
}

fn forbidden(tool: &Tool) -> ApiError {
    let kind = tool.key_kind().map(|kind| format!(" of kind {}", kind.as_str())).unwrap_or_default();
    let detail = format!("{} needs a key{kind} with scope {}", tool.name, tool.scope().as_str());
    ApiError::new(ErrorCode::InsufficientScope, detail)
}

/// What metrics mean.
pub(super) fn definitions() -> Result<Value, ApiError> {
    serde_json::to_value(query::catalogue()).map_err(|error| {
        ApiError::new(ErrorCode::InternalError, "the answer could not be written").because(error.to_string())
    })
}
