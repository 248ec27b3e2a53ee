//! The HTTP interface: routes, and the steps of a request.

use std::sync::Arc;

use axum::Router;
use axum::body::Body as HttpBody;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use sql::{Head, head};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::answer::{self, Facts};
use super::body::Body;
use super::engine::{CancelOnDrop, Engine, Run};
use super::error::{Error, Kind};
use super::execute::{self, Insert, Place, Query, Rows};
use super::output::{Manner, Output};
use super::request::Request;
use super::statement::{self, Class};
use super::users::Users;

/// Maximum size of a statement, without the rows of an INSERT.
const MAX_QUERY_BYTES: usize = 16 << 20;
/// Default output format.
const DEFAULT_FORMAT: &str = "TabSeparated";
/// Number of chunks of an INSERT that wait for the engine.
const WAITING_ROWS: usize = 8;

/// State of the server.
pub(super) struct Server {
    /// The engine.
    pub(super) engine: Arc<Engine>,
    /// The users.
    pub(super) users: Users,
}

/// The routes of ClickHouse's HTTP interface that are served.
pub(super) fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/", get(root).post(root))
        .route("/ping", get(|| async { "Ok.\n" }))
        .fallback(|| async {
            (StatusCode::NOT_FOUND, "There is no handle for this path\n\nUse / or /ping for health checks.\n")
        })
        .with_state(server)
}

async fn root(
    State(server): State<Arc<Server>>,
    method: Method,
    RawQuery(url_query): RawQuery,
    headers: HeaderMap,
    body: HttpBody,
) -> Response {
    // ClickHouse answers a bare GET as a health check.
    if method == Method::GET && url_query.as_deref().unwrap_or_default().is_empty() {
        return (StatusCode::OK, [(header::CONTENT_TYPE, "text/html; charset=UTF-8")], "Ok.\n").into_response();
    }
    let mut facts = Facts::new(&server.engine);
    let mut body = Body::new(body, &headers);
    let url_query = url_query.unwrap_or_default();
    let outcome = answer_query(&server, &method, &url_query, &headers, &mut body, &mut facts).await;
    match outcome {
        Ok(response) => response,
        Err(error) => {
            body.drain().await;
            answer::failure(&error, &facts)
        }
    }
}

async fn answer_query(
    server: &Server,
    method: &Method,
    url_query: &str,
    headers: &HeaderMap,
    body: &mut Body,
    facts: &mut Facts,
) -> Result<Response, Error> {
    let request = Request::parse(method, url_query, headers)?;
    if let Some(id) = &request.query_id {
        facts.query_id.clone_from(id);
    }
    server.users.check(headers, request.user.as_deref(), request.password.as_deref())?;
    if headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().to_ascii_lowercase().starts_with(b"multipart/form-data"))
    {
        return Err(Error::new(
            Kind::NOT_IMPLEMENTED,
            "multipart/form-data is not supported here: send the query as the body and parameters in the URL",
        ));
    }

    let (text, head) = read_statement(&request, body).await?;
    let query_end = if let Head::Insert { query_end, .. } = &head { *query_end } else { text.len() };
    statement::refuse_unsafe(&text[..query_end])?;
    let slot = server.engine.slot().await?;

    let (reply_to, reply) = oneshot::channel();
    let gzip = request.gzip;
    let manner = Manner {
        whole: request.wait_end,
        gzip,
        exception_tag: facts.exception_tag.clone(),
        version: server.engine.version.clone(),
    };
    let output = Output::new(reply_to, manner);
    let format = request.default_format.clone().unwrap_or_else(|| DEFAULT_FORMAT.to_owned());
    let place = Place {
        engine: Arc::clone(&server.engine),
        request,
        mark: Uuid::new_v4().to_string(),
        run: Arc::new(Run::default()),
    };
    let guard;
    if let Head::Insert { format: rows_format, rows_start, .. } = head {
        facts.format = format;
        guard = None;
        let (rows_to, rows) = mpsc::channel(WAITING_ROWS);
        let insert = Insert { sql: text[..query_end].to_vec(), format: rows_format, rows };
        tokio::task::spawn_blocking(move || {
            execute::insert(&place, insert, output);
            drop((place, slot));
        });
        forward_rows(Bytes::from(text).slice(rows_start..), body, rows_to).await?;
    } else {
        let class = statement::class(&text);
        let query = Query { class, format: statement::output_format(&text).unwrap_or(format), sql: text };
        facts.format.clone_from(&query.format);
        // As on a real server, a writing statement continues without its client.
        guard = (class != Class::Write)
            .then(|| CancelOnDrop::new(Arc::clone(&place.engine), place.mark.clone(), Arc::clone(&place.run)));
        tokio::task::spawn_blocking(move || {
            execute::query(&place, &query, output);
            drop((place, slot));
        });
    }
    let reply = reply.await.unwrap_or_else(|_| Err(Error::new(Kind::ABORTED, "the query ended without an answer")))?;
    Ok(answer::success(reply, gzip, facts, guard))
}

/// Reads until the kind of statement is known: to the end of the body, or to the first rows of an INSERT.
async fn read_statement(request: &Request, body: &mut Body) -> Result<(Vec<u8>, Head), Error> {
    let mut text = request.query.clone().into_bytes();
    loop {
        let Some(data) = body.next().await? else {
            if text.iter().all(u8::is_ascii_whitespace) {
                return Err(Error::new(Kind::SYNTAX_ERROR, "Syntax error: Empty query"));
            }
            let head = head(&text, true);
            return Ok((text, head));
        };
        if text.len() == request.query.len() && !text.is_empty() {
            text.push(b'\n');
        }
        text.extend_from_slice(&data);
        let head = head(&text, false);
        if head != Head::NeedMore {
            return Ok((text, head));
        }
        if text.len() > MAX_QUERY_BYTES {
            let message =
                format!("Query is too large: more than {MAX_QUERY_BYTES} bytes; send rows as INSERT ... FORMAT");
            return Err(Error::new(Kind::QUERY_IS_TOO_LARGE, &message));
        }
    }
}

/// Passes the rows to the engine as they arrive. Returns `Ok` early if the INSERT has failed; its error comes with the
/// reply.
async fn forward_rows(first: Bytes, body: &mut Body, rows_to: mpsc::Sender<Rows>) -> Result<(), Error> {
    let mut next = Some(first);
    while let Some(data) = next {
        if rows_to.send(Rows::Data(data)).await.is_err() {
            return Ok(());
        }
        next = body.next().await?;
    }
    // If this fails, the error comes with the reply.
    let _ = rows_to.send(Rows::End).await;
    Ok(())
}
