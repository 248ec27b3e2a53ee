//! The one table of routes. Tests, CORS and documentation read it too.

use crate::mcp::Door;
use intake::error::{ApiError, ErrorCode};
use intake::key::Access;
use query::Kind;

/// What answers a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handler {
    /// `GET /health`
    Health,
    /// `GET /ready`
    Ready,
    /// A file that is part of the Worker.
    Document(Document),
    /// `POST /internal/retention/run`
    RetentionRun,
    /// `POST /v1/track`
    Track,
    /// `POST /v1/batch`
    Batch,
    /// `POST /v1/identify`
    Identify,
    /// `POST /v1/forget`
    Forget,
    /// `GET /v1/forget/{id}`
    Forgotten,
    /// `POST /v1/access`
    Person,
    /// `GET /v1/buffer`
    Buffer,
    /// A report.
    Report(&'static Kind),
    /// `GET /v1/export`
    Export,
    /// `GET /v1/metrics`
    Metrics,
    /// `POST /mcp`, `POST /mcp/account`
    Mcp(Door),
    /// `/v1/segments`: filters that are saved under a name.
    Segments(Segments),
    /// `/v1/projects`, `/v1/keys`, `/v1/usage`: one function of the control plane each.
    Manage(Management),
}

/// Which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// `GET /openapi.json`
    OpenApi,
    /// `GET /v1/a.js`, `GET /s.js`
    Script,
}

/// What is done with saved segments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segments {
    /// `GET /v1/segments`
    List,
    /// `POST /v1/segments`
    Create,
    /// `GET /v1/segments/{id}`
    Get,
    /// `PATCH /v1/segments/{id}`
    Update,
    /// `DELETE /v1/segments/{id}`
    Delete,
}

/// What is managed. Named after the functions of the control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Management {
    /// `GET /v1/projects`
    Projects,
    /// `POST /v1/projects`
    ProjectCreate,
    /// `PATCH /v1/projects/{id}`
    ProjectUpdate,
    /// `DELETE /v1/projects/{id}`
    ProjectArchive,
    /// `GET /v1/keys`
    Keys,
    /// `POST /v1/keys`
    KeyCreate,
    /// `PATCH /v1/keys/{id}`
    KeyUpdate,
    /// `POST /v1/keys/{id}/rotate`
    KeyRotate,
    /// `DELETE /v1/keys/{id}`
    KeyRevoke,
    /// `GET /v1/usage`
    Usage,
}

/// One route.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// HTTP method.
    pub method: &'static str,
    /// Path.
    pub path: &'static str,
    /// What answers it.
    pub handler: Handler,
    /// What it asks of the key; `None`: no key.
    pub access: Option<Access>,
}

const fn route(method: &'static str, path: &'static str, handler: Handler, access: Option<Access>) -> Route {
    Route { method, path, handler, access }
}

const fn manage(method: &'static str, path: &'static str, what: Management) -> Route {
    route(method, path, Handler::Manage(what), Some(Access::Manage))
}

const fn segments(method: &'static str, path: &'static str, what: Segments, access: Access) -> Route {
    route(method, path, Handler::Segments(what), Some(access))
}

const fn document(path: &'static str, what: Document) -> Route {
    route("GET", path, Handler::Document(what), None)
}

const fn report(method: &'static str, path: &'static str, kind: &'static Kind) -> Route {
    route(method, path, Handler::Report(kind), Some(Access::Read))
}

/// All routes (contract, "Endpoints").
pub const ROUTES: &[Route] = &[
    route("POST", "/v1/track", Handler::Track, Some(Access::Ingest)),
    route("POST", "/e", Handler::Track, Some(Access::Ingest)),
    route("POST", "/v1/batch", Handler::Batch, Some(Access::Ingest)),
    route("POST", "/v1/identify", Handler::Identify, Some(Access::Ingest)),
    route("POST", "/v1/forget", Handler::Forget, Some(Access::Forget)),
    route("GET", "/v1/forget/{id}", Handler::Forgotten, Some(Access::Forget)),
    route("POST", "/v1/access", Handler::Person, Some(Access::Forget)),
    route("GET", "/v1/buffer", Handler::Buffer, Some(Access::Operate)),
    report("GET", "/v1/stats", query::STATS),
    report("POST", "/v1/stats", query::STATS),
    report("GET", "/v1/query", query::EVENTS),
    route("GET", "/v1/export", Handler::Export, Some(Access::Read)),
    report("GET", "/v1/sources", query::SOURCES),
    report("GET", "/v1/realtime", query::REALTIME),
    report("GET", "/v1/schema", query::SCHEMA),
    route("GET", "/v1/metrics", Handler::Metrics, Some(Access::Read)),
    report("POST", "/v1/funnel", query::FUNNEL),
    report("POST", "/v1/retention", query::RETENTION),
    report("POST", "/v1/journeys", query::JOURNEYS),
    report("POST", "/v1/match", query::MATCH),
    segments("GET", "/v1/segments", Segments::List, Access::Read),
    segments("POST", "/v1/segments", Segments::Create, Access::Save),
    segments("GET", "/v1/segments/{id}", Segments::Get, Access::Read),
    segments("PATCH", "/v1/segments/{id}", Segments::Update, Access::Save),
    segments("DELETE", "/v1/segments/{id}", Segments::Delete, Access::Save),
    manage("GET", "/v1/projects", Management::Projects),
    manage("POST", "/v1/projects", Management::ProjectCreate),
    manage("PATCH", "/v1/projects/{id}", Management::ProjectUpdate),
    manage("DELETE", "/v1/projects/{id}", Management::ProjectArchive),
    manage("GET", "/v1/keys", Management::Keys),
    manage("POST", "/v1/keys", Management::KeyCreate),
    manage("PATCH", "/v1/keys/{id}", Management::KeyUpdate),
    manage("DELETE", "/v1/keys/{id}", Management::KeyRevoke),
    manage("POST", "/v1/keys/{id}/rotate", Management::KeyRotate),
    manage("GET", "/v1/usage", Management::Usage),
    route("POST", "/mcp", Handler::Mcp(Door::Project), Some(Access::Mcp)),
    route("POST", "/mcp/account", Handler::Mcp(Door::Account), Some(Access::McpAccount)),
    // Its secret is its own, and no API key.
    route("POST", "/internal/retention/run", Handler::RetentionRun, None),
    route("GET", "/health", Handler::Health, None),
    route("GET", "/ready", Handler::Ready, None),
    document("/v1/a.js", Document::Script),
    document("/s.js", Document::Script),
    document("/openapi.json", Document::OpenApi),
];

/// Finds the route of a request, and what stands at `{id}` in its path. `HEAD` is answered like `GET`.
///
/// # Errors
/// `not_found`, or `method_not_allowed` with the methods that exist.
pub fn resolve<'a>(method: &str, path: &'a str) -> Result<(&'static Route, &'a str), ApiError> {
    let wanted = if method == "HEAD" { "GET" } else { method };
    let mut fitting = ROUTES.iter().filter(|route| route.method == wanted);
    let found = fitting.find_map(|route| fits(route.path, path).map(|id| (route, id)));
    found.ok_or_else(|| match allowed(path) {
        None => ApiError::new(ErrorCode::NotFound, "there is nothing at this address"),
        Some(allow) => {
            let mut error = ApiError::new(ErrorCode::MethodNotAllowed, format!("this address takes {allow}"));
            error.allow = Some(allow);
            error
        }
    })
}

/// Whether a path is an endpoint of agents, whose origins are a list of their own.
pub fn is_for_agents(path: &str) -> bool {
    // Nearly every request is an event, and ends here.
    path.starts_with("/mcp")
        && ROUTES.iter().any(|route| matches!(route.handler, Handler::Mcp(_)) && route.path == path)
}

/// Whether a path has a route's form: what stands at `{id}`, or an empty text where the route has none.
fn fits<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, after)) = pattern.split_once("{id}") else {
        return (pattern == path).then_some("");
    };
    let id = path.strip_prefix(before)?.strip_suffix(after)?;
    (!id.is_empty() && !id.contains('/')).then_some(id)
}

/// The methods that exist on a path, e.g. `GET, HEAD, OPTIONS`; `None` where the path does not exist.
pub fn allowed(path: &str) -> Option<String> {
    let fitting = ROUTES.iter().filter(|route| fits(route.path, path).is_some());
    let mut methods: Vec<&str> = fitting.map(|route| route.method).collect();
    if methods.is_empty() {
        return None;
    }
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.push("OPTIONS");
    Some(methods.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_found_and_others_refused() {
        assert_eq!(resolve("POST", "/v1/track").unwrap().0.handler, Handler::Track);
        assert_eq!(resolve("HEAD", "/health").unwrap().0.handler, Handler::Health);
        assert_eq!(resolve("GET", "/v1/track/").unwrap_err().code, ErrorCode::NotFound);
        let (route, id) = resolve("POST", "/v1/keys/abc/rotate").unwrap();
        assert_eq!((route.handler, id), (Handler::Manage(Management::KeyRotate), "abc"));
        assert_eq!(resolve("PATCH", "/v1/keys/abc").unwrap().1, "abc");
        assert!(resolve("PATCH", "/v1/keys/").is_err() && resolve("PATCH", "/v1/keys/a/b").is_err());
        let error = resolve("DELETE", "/v1/stats").unwrap_err();
        assert_eq!(
            (error.code, error.allow.as_deref()),
            (ErrorCode::MethodNotAllowed, Some("GET, POST, HEAD, OPTIONS"))
        );
    }
}
