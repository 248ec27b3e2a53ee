//! The one table of routes, and what answers each of them. The router, CORS, tests and documentation read the table.
//!
//! A new route is a row in [`ROUTES`], a variant of the enum of its class, an arm in that class's match (without the
//! arm nothing compiles), and its handler.

use super::body::{self, Bound};
use super::document::{self, Document};
use super::inbound::{Inbound, Reply};
use super::principal::Principal;
use super::report::metrics;
use super::{After, App, Deadline, health};
use crate::mcp::Door;
use intake::error::ApiError;
use intake::key::Access;
use query::Kind;

/// Who may call a route, and what answers it. Each class of callers has its own handlers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// Anyone.
    Open(Open),
    /// A user signed in at Supabase, or an account key with scope `admin`.
    Session(Management),
    /// An API key that has this access.
    Keyed(Access, Keyed),
}

/// What answers a route that needs no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// `GET /`
    Root,
    /// `GET /health`
    Health,
    /// `GET /ready`
    Ready,
    /// A file that is part of the Worker.
    Document(Document),
    /// `POST /internal/retention/run`, which has a secret of its own.
    RetentionRun,
}

/// What answers a route that needs a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyed {
    /// `POST /v1/track`, `POST /e`
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
    /// `/v1/segments`: filters saved under a name.
    Segments(Segments),
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

/// Which limits apply before the handler runs (`limits.rs`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// None.
    Unlimited,
    /// A browser's address, before its body is read. The events themselves are counted by [`App::accept`].
    Events,
    /// The rate of questions of a project or an organization, and how many are answered at a time.
    Questions,
    /// How many are answered at a time. The rate is taken by each tool call of the message.
    Messages,
}

/// One route.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// HTTP method.
    pub method: &'static str,
    /// Path; `{id}` is one segment that is not empty.
    pub path: &'static str,
    /// Who may call it, and what answers.
    pub endpoint: Endpoint,
    /// Which limits apply.
    pub limit: Limit,
    /// What body it takes.
    pub body: Bound,
}

impl Route {
    /// The access it asks of a key; `None`: no key.
    pub const fn access(&self) -> Option<Access> {
        match self.endpoint {
            Endpoint::Open(_) => None,
            Endpoint::Session(_) => Some(Access::Manage),
            Endpoint::Keyed(access, _) => Some(access),
        }
    }

    /// Whether it is an endpoint of AI agents, which has its own list of origins and accepts a trailing slash.
    pub const fn is_for_agents(&self) -> bool {
        matches!(self.endpoint, Endpoint::Keyed(_, Keyed::Mcp(_)))
    }
}

const fn open(method: &'static str, path: &'static str, what: Open) -> Route {
    Route { method, path, endpoint: Endpoint::Open(what), limit: Limit::Unlimited, body: body::NONE }
}

const fn session(method: &'static str, path: &'static str, what: Management, body: Bound) -> Route {
    Route { method, path, endpoint: Endpoint::Session(what), limit: Limit::Unlimited, body }
}

const fn keyed(
    method: &'static str,
    path: &'static str,
    access: Access,
    what: Keyed,
    limit: Limit,
    body: Bound,
) -> Route {
    Route { method, path, endpoint: Endpoint::Keyed(access, what), limit, body }
}

const fn ingest(path: &'static str, what: Keyed, body: Bound) -> Route {
    keyed("POST", path, Access::Ingest, what, Limit::Events, body)
}

const fn ask(method: &'static str, path: &'static str, what: Keyed, body: Bound) -> Route {
    keyed(method, path, Access::Read, what, Limit::Questions, body)
}

const fn report(method: &'static str, path: &'static str, kind: &'static Kind) -> Route {
    let body = if matches!(method.as_bytes(), b"POST") { body::QUESTION } else { body::NONE };
    ask(method, path, Keyed::Report(kind), body)
}

const fn segments(method: &'static str, path: &'static str, access: Access, what: Segments, body: Bound) -> Route {
    keyed(method, path, access, Keyed::Segments(what), Limit::Questions, body)
}

const fn person(method: &'static str, path: &'static str, what: Keyed, body: Bound) -> Route {
    keyed(method, path, Access::Forget, what, Limit::Questions, body)
}

const fn agents(path: &'static str, access: Access, door: Door) -> Route {
    keyed("POST", path, access, Keyed::Mcp(door), Limit::Messages, body::MESSAGE)
}

/// All routes.
pub const ROUTES: &[Route] = &[
    ingest("/v1/track", Keyed::Track, body::EVENT),
    ingest("/e", Keyed::Track, body::EVENT),
    ingest("/v1/batch", Keyed::Batch, body::BATCH),
    ingest("/v1/identify", Keyed::Identify, body::EVENT),
    person("POST", "/v1/forget", Keyed::Forget, body::PERSON),
    person("GET", "/v1/forget/{id}", Keyed::Forgotten, body::NONE),
    person("POST", "/v1/access", Keyed::Person, body::PERSON),
    keyed("GET", "/v1/buffer", Access::Operate, Keyed::Buffer, Limit::Unlimited, body::NONE),
    report("GET", "/v1/stats", query::STATS),
    report("POST", "/v1/stats", query::STATS),
    report("GET", "/v1/query", query::EVENTS),
    ask("GET", "/v1/export", Keyed::Export, body::NONE),
    report("GET", "/v1/sources", query::SOURCES),
    report("GET", "/v1/realtime", query::REALTIME),
    report("GET", "/v1/schema", query::SCHEMA),
    ask("GET", "/v1/metrics", Keyed::Metrics, body::NONE),
    report("POST", "/v1/funnel", query::FUNNEL),
    report("POST", "/v1/retention", query::RETENTION),
    report("POST", "/v1/journeys", query::JOURNEYS),
    report("POST", "/v1/match", query::MATCH),
    segments("GET", "/v1/segments", Access::Read, Segments::List, body::NONE),
    segments("POST", "/v1/segments", Access::Save, Segments::Create, body::QUESTION),
    segments("GET", "/v1/segments/{id}", Access::Read, Segments::Get, body::NONE),
    segments("PATCH", "/v1/segments/{id}", Access::Save, Segments::Update, body::QUESTION),
    segments("DELETE", "/v1/segments/{id}", Access::Save, Segments::Delete, body::NONE),
    session("GET", "/v1/projects", Management::Projects, body::NONE),
    session("POST", "/v1/projects", Management::ProjectCreate, body::SETTINGS),
    session("PATCH", "/v1/projects/{id}", Management::ProjectUpdate, body::SETTINGS),
    session("DELETE", "/v1/projects/{id}", Management::ProjectArchive, body::NONE),
    session("GET", "/v1/keys", Management::Keys, body::NONE),
    session("POST", "/v1/keys", Management::KeyCreate, body::SETTINGS),
    session("PATCH", "/v1/keys/{id}", Management::KeyUpdate, body::SETTINGS),
    session("DELETE", "/v1/keys/{id}", Management::KeyRevoke, body::NONE),
    session("POST", "/v1/keys/{id}/rotate", Management::KeyRotate, body::SETTINGS),
    session("GET", "/v1/usage", Management::Usage, body::NONE),
    agents("/mcp", Access::Mcp, Door::Project),
    agents("/mcp/account", Access::McpAccount, Door::Account),
    open("POST", "/internal/retention/run", Open::RetentionRun),
    open("GET", "/", Open::Root),
    open("GET", "/health", Open::Health),
    open("GET", "/ready", Open::Ready),
    open("GET", "/v1/a.js", Open::Document(Document::Script)),
    open("GET", "/s.js", Open::Document(Document::Script)),
    open("GET", "/openapi.json", Open::Document(Document::OpenApi)),
];

impl App {
    /// Answers a route that needs no key.
    pub(super) async fn open(&self, request: &impl Inbound, what: Open) -> Result<Reply, ApiError> {
        match what {
            Open::Root => self.root(request),
            Open::Health => health::health(),
            Open::Ready => self.ready(&request.continent()).await,
            Open::Document(what) => Ok(document::document(what, request)),
            Open::RetentionRun => self.retention_run(request).await,
        }
    }

    /// Answers a route that needs a key, once the key has been verified and let in, and says what to do after the
    /// answer. `id` is what the path holds at `{id}`.
    pub(super) async fn keyed(
        &self,
        request: &mut impl Inbound,
        caller: &Principal,
        (what, body, id): (Keyed, Bound, &str),
        deadline: &Deadline,
    ) -> Result<(Reply, Option<After>), ApiError> {
        let reply = match what {
            Keyed::Track => self.track(request, caller, body, deadline).await?,
            Keyed::Batch => self.batch(request, caller, body, deadline).await?,
            Keyed::Identify => self.identify(request, caller, body, deadline).await?,
            Keyed::Forget => self.forget(request, caller, body, deadline).await?,
            Keyed::Forgotten => self.forgotten(caller, id).await?,
            Keyed::Person => self.access(request, caller, body, deadline).await?,
            Keyed::Buffer => self.buffer().await?,
            Keyed::Report(kind) => self.report(request, caller, (kind, body), deadline).await?,
            Keyed::Export => self.export(request, caller).await?,
            Keyed::Metrics => metrics(request)?,
            Keyed::Segments(what) => self.segments(request, caller, what, id, deadline).await?,
            Keyed::Mcp(door) => return Box::pin(self.mcp(request, caller, body, door, deadline)).await,
        };
        Ok((reply, None))
    }
}
