//! Which path and method does what.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Path, State},
    http::{Method, StatusCode},
    response::{IntoResponse as _, Response},
    routing::any,
};
use tokio::time::timeout;

use super::{
    access::Caller,
    catalog::{self, Returns},
    config::Config,
    error::Error,
    media::Media,
    pool::{Lease, Pool},
    read,
    request::Request,
    response, rpc,
    transaction::{self, Outcome},
    write,
};

/// A request altogether: the statement's own limit and the wait for a connection are shorter.
const REQUEST: Duration = Duration::from_secs(20);

/// The server's state.
pub(super) struct Service {
    config: Config,
    pool: Pool,
}

impl Service {
    /// A service that connects when it is asked something.
    pub(super) fn new(config: Config) -> Self {
        let pool = Pool::new(config.database.clone());
        Self { config, pool }
    }

    /// The routes, at the root as PostgREST has them and below `/rest/v1` as hosted Supabase does.
    pub(super) fn router(self) -> Router {
        let routes = Router::new()
            .route("/rpc/{function}", any(call))
            .route("/{table}", any(table))
            .route("/", any(root))
            .fallback(nowhere)
            .with_state(Arc::new(self));
        Router::new().route("/rest/v1/", any(root)).nest("/rest/v1", routes.clone()).merge(routes)
    }

    async fn call(&self, name: &str, request: axum::extract::Request) -> Result<Response, Error> {
        let (parts, body) = request.into_parts();
        let caller = Caller::identify(&parts.headers, &self.config, now())?;
        if ![Method::GET, Method::HEAD, Method::POST].contains(&parts.method) {
            return Err(match parts.method {
                Method::OPTIONS => Error::unsupported("OPTIONS is not supported"),
                method => Error::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "PGRST101",
                    format!("Cannot use the {method} method on RPC"),
                ),
            });
        }
        let request = Request::read(parts, body, &self.config, true).await?;
        let mut lease = self.pool.lease().await?;
        let found = match catalog::functions(&mut lease, &request.schema, name).await {
            Err(error) if error.is_database_down() => {
                lease = self.second(lease).await?;
                catalog::functions(&mut lease, &request.schema, name).await
            }
            found => found,
        };
        let chosen = found.and_then(|functions| {
            let function = rpc::choose(functions, &request, name)?;
            let void = function.returns == Returns::Void;
            Ok((rpc::statement(&request, function, name)?, void))
        });
        let (lease, (statement, void)) = keep(lease, chosen)?;
        let outcome =
            transaction::run(lease, &caller, &request, &statement, |outcome| check(&request, outcome)).await?;
        response::call(&request, outcome, void)
    }

    async fn table(&self, name: &str, request: axum::extract::Request) -> Result<Response, Error> {
        let (parts, body) = request.into_parts();
        let caller = Caller::identify(&parts.headers, &self.config, now())?;
        if ![Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE].contains(&parts.method) {
            return Err(match parts.method {
                Method::OPTIONS | Method::PUT => Error::unsupported(format!("{} is not supported", parts.method)),
                method => {
                    Error::new(StatusCode::METHOD_NOT_ALLOWED, "PGRST117", format!("Unsupported HTTP method: {method}"))
                }
            });
        }
        let request = Request::read(parts, body, &self.config, false).await?;
        let mut lease = self.pool.lease().await?;
        let found = match catalog::relation(&mut lease, &request.schema, name).await {
            Err(error) if error.is_database_down() => {
                lease = self.second(lease).await?;
                catalog::relation(&mut lease, &request.schema, name).await
            }
            found => found,
        };
        let planned = found.and_then(|relation| {
            let resolvable = !write::conflict_columns(&request, &relation).is_empty();
            let statement = match request.method {
                Method::POST => write::insert(&request, &relation)?,
                Method::PATCH => write::update(&request, &relation)?,
                Method::DELETE => write::delete(&request, &relation)?,
                _ => read::check(&request.query).and_then(|()| read::statement(&request, &relation))?,
            };
            Ok((statement, resolvable))
        });
        let (lease, (statement, resolvable)) = keep(lease, planned)?;
        let outcome =
            transaction::run(lease, &caller, &request, &statement, |outcome| check(&request, outcome)).await?;
        match request.method {
            Method::POST => response::insert(&request, outcome, resolvable, name),
            Method::PATCH | Method::DELETE => response::mutation(&request, outcome),
            _ => response::read(&request, outcome),
        }
    }

    /// A fresh session in place of one that turned out dead, as after a restart of the database.
    /// Only for what has changed nothing yet.
    async fn second<'pool>(&'pool self, dead: Lease<'pool>) -> Result<Lease<'pool>, Error> {
        drop(dead);
        self.pool.forget();
        self.pool.lease().await
    }
}

/// Returns the session to the pool where the request ends before it was used.
fn keep<T>(lease: Lease<'_>, planned: Result<T, Error>) -> Result<(Lease<'_>, T), Error> {
    match planned {
        Ok(value) => Ok((lease, value)),
        Err(error) => {
            lease.give_back();
            Err(error)
        }
    }
}

/// What is refused although the database did it; it is rolled back.
fn check(request: &Request, outcome: &Outcome) -> Result<(), Error> {
    let rows = outcome.rows;
    if request.media == Media::Singular && rows != 1 {
        return Err(Error::new(
            StatusCode::NOT_ACCEPTABLE,
            "PGRST116",
            "Cannot coerce the result to a single JSON object",
        )
        .details(format!("The result contains {rows} rows")));
    }
    let reads = request.method == Method::GET || request.method == Method::HEAD;
    if !reads && request.prefer.bound().is_some_and(|bound| rows > bound) {
        return Err(Error::new(
            StatusCode::BAD_REQUEST,
            "PGRST124",
            "Query result exceeds max-affected preference constraint",
        )
        .details(format!("The query affects {rows} rows")));
    }
    Ok(())
}

async fn call(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    request: axum::extract::Request,
) -> Response {
    bounded(service.call(&name, request)).await
}

async fn table(
    State(service): State<Arc<Service>>,
    Path(name): Path<String>,
    request: axum::extract::Request,
) -> Response {
    bounded(service.table(&name, request)).await
}

async fn root() -> Error {
    Error::unsupported("the OpenAPI description is not supported")
}

async fn nowhere() -> Error {
    Error::new(StatusCode::NOT_FOUND, "PGRST125", "Invalid path specified in request URL")
}

async fn bounded(answer: impl Future<Output = Result<Response, Error>>) -> Response {
    match timeout(REQUEST, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => error.into_response(),
        Err(_) => Error::database_down().details("The database did not answer in time.").into_response(),
    }
}

/// Seconds since 1970; the one place that reads the clock.
#[expect(clippy::disallowed_methods, reason = "the edge of the process is where the clock comes in")]
fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |elapsed| elapsed.as_secs_f64())
}
