//! Routes, and how a call is read from a request.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
    routing::{any, get, post},
};
use serde_json::Value;
use tokio::time::timeout;

use super::{
    access::Caller,
    call,
    config::Config,
    error::Error,
    function::{self, Function},
    pool::{Lease, Pool},
};

/// Limit for a whole request. Waiting for a connection and the statement have shorter limits of their own.
const REQUEST: Duration = Duration::from_secs(20);
/// Largest body in bytes.
const BODY: usize = 1024 * 1024;
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
/// What Supabase Auth answers for a project that signs with its shared secret (HS256) only.
const KEY_SET: &str = r#"{"keys":[]}"#;

/// The server's state.
pub(super) struct Service {
    config: Config,
    pool: Pool,
}

impl Service {
    /// A service that connects to the database on the first request.
    pub(super) fn new(config: Config) -> Self {
        let pool = Pool::new(config.database.clone());
        Self { config, pool }
    }

    /// The routes, with the paths of hosted Supabase.
    pub(super) fn router(self) -> Router {
        Router::new()
            .route("/rest/v1/rpc/{function}", post(rpc).fallback(unsupported_method))
            .route("/rest/v1/{table}", any(unsupported_path))
            .route("/rest/v1/", any(unsupported_path))
            .route("/auth/v1/.well-known/jwks.json", get(([(header::CONTENT_TYPE, JSON)], KEY_SET)))
            .fallback(not_found)
            .with_state(Arc::new(self))
    }

    async fn rpc(&self, name: &str, request: Request) -> Result<Response, Error> {
        let (parts, body) = request.into_parts();
        let caller = Caller::identify(&parts.headers, &self.config, now())?;
        check(&parts)?;
        let (body, arguments) = arguments(body).await?;
        let names: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (lease, function) = self.find(name, &names).await?;
        let answer = call::run(lease, &caller, &function, &names, &body).await?;
        Ok(match answer {
            Some(json) => ([(header::CONTENT_TYPE, JSON)], json).into_response(),
            None => StatusCode::NO_CONTENT.into_response(),
        })
    }

    /// The function that these arguments call, and a session to call it on.
    async fn find(&self, name: &str, arguments: &[&str]) -> Result<(Lease<'_>, Function), Error> {
        let mut lease = self.pool.lease().await?;
        let found = match function::overloads(&mut lease, name).await {
            // A pooled session may be dead without notice, as after a restart of the database.
            Err(error) if error.is_database_down() => {
                drop(lease);
                self.pool.forget();
                lease = self.pool.lease().await?;
                function::overloads(&mut lease, name).await
            }
            found => found,
        };
        match found.and_then(|overloads| function::choose(overloads, name, arguments)) {
            Ok(function) => Ok((lease, function)),
            Err(error) => {
                lease.give_back();
                Err(error)
            }
        }
    }
}

/// Refuses what a real PostgREST answers and this server does not.
fn check(parts: &Parts) -> Result<(), Error> {
    let text = |name: &str| header_text(&parts.headers, name);
    if parts.uri.query().is_some() {
        return Err(Error::unsupported("a query string on a call is not supported"));
    }
    if let Some(schema) = text("content-profile").filter(|schema| *schema != function::SCHEMA) {
        return Err(Error::new(StatusCode::NOT_ACCEPTABLE, "PGRST106", format!("Invalid schema: {schema}"))
            .hint(format!("Only the following schemas are exposed: {}", function::SCHEMA)));
    }
    if let Some(prefer) = text("prefer") {
        return Err(Error::unsupported(format!("Prefer: {prefer} is not supported")));
    }
    if let Some(media) = text("content-type").filter(|media| essence(media) != "application/json") {
        return Err(Error::unsupported(format!("Content-Type: {media} is not supported")));
    }
    let accepted = ["application/json", "application/*", "*/*"];
    if let Some(accept) = text("accept")
        && !accept.split(',').any(|media| accepted.contains(&essence(media).as_str()))
    {
        return Err(Error::unsupported(format!("Accept: {accept} is not supported")));
    }
    Ok(())
}

fn header_text<'headers>(headers: &'headers HeaderMap, name: &str) -> Option<&'headers str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

/// A media type without its parameters.
fn essence(media: &str) -> String {
    media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The body as it came, which PostgreSQL parses, and its keys. An empty body means no arguments.
async fn arguments(body: Body) -> Result<(String, Vec<String>), Error> {
    let bytes = to_bytes(body, BODY).await.map_err(|_| {
        Error::new(StatusCode::PAYLOAD_TOO_LARGE, "HW413", format!("The body exceeds {BODY} bytes or was cut off"))
    })?;
    let invalid = || Error::new(StatusCode::BAD_REQUEST, "PGRST102", "Empty or invalid json");
    let mut text = String::from_utf8(bytes.into()).map_err(|_| invalid())?;
    if text.is_empty() {
        "{}".clone_into(&mut text);
    }
    match serde_json::from_str(&text).map_err(|_| invalid())? {
        Value::Object(members) => Ok((text, members.into_iter().map(|(name, _)| name).collect())),
        _ => Err(Error::unsupported("a body that is not a JSON object is not supported")),
    }
}

async fn rpc(State(service): State<Arc<Service>>, Path(name): Path<String>, request: Request) -> Response {
    match timeout(REQUEST, service.rpc(&name, request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => error.into_response(),
        Err(_) => Error::database_down().details("The database did not answer in time.").into_response(),
    }
}

async fn unsupported_method(method: Method) -> Error {
    Error::unsupported(format!("{method} on a function is not supported"))
}

async fn unsupported_path() -> Error {
    Error::unsupported("only /rpc/{function} is supported: no tables, views or OpenAPI description")
}

async fn not_found() -> Error {
    Error::new(StatusCode::NOT_FOUND, "PGRST125", "Invalid path specified in request URL")
}

/// Seconds since 1970; the one place that reads the clock.
#[expect(clippy::disallowed_methods, reason = "the edge of the process is where the clock comes in")]
fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}
