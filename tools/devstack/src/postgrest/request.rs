//! A request, read.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    extract::Query as Params,
    http::{HeaderMap, Method, StatusCode, request::Parts},
};

use super::{
    config::Config,
    error::Error,
    media::{self, Media},
    payload::{self, Payload},
    prefer::Prefer,
    query::Query,
    range::Range,
};

/// Everything a statement is made from.
pub(super) struct Request {
    /// HTTP method.
    pub(super) method: Method,
    /// `request.path`: without the gateway's prefix.
    pub(super) path: String,
    /// `request.headers`: a JSON object.
    pub(super) headers: String,
    /// The schema asked for.
    pub(super) schema: String,
    /// Whether a header named it.
    pub(super) names_schema: bool,
    /// The schema, then where shared functions are; quoted.
    pub(super) search_path: String,
    /// The query string and the `Range` header.
    pub(super) query: Query,
    /// The `Prefer` header.
    pub(super) prefer: Prefer,
    /// The form of the answer.
    pub(super) media: Media,
    /// The body as it came.
    pub(super) body: String,
    /// What is known of it.
    pub(super) payload: Payload,
}

impl Request {
    /// Reads the whole request; `call` says that it is one of a function.
    pub(super) async fn read(parts: Parts, body: Body, config: &Config, call: bool) -> Result<Self, Error> {
        let method = parts.method;
        let reads = method == Method::GET || method == Method::HEAD;
        let profile = if reads { "accept-profile" } else { "content-profile" };
        let named = parts.headers.get(profile).and_then(|value| value.to_str().ok());
        let schema = schema(named, config)?;
        let media = Media::accepted(&parts.headers)?;
        let prefer = Prefer::parse(&parts.headers)?;
        let Params(params) = Params::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|error| Error::unreadable("\"failed to parse the query string\"", error.to_string()))?;
        let range = if reads { Range::header(&parts.headers) } else { None };
        let query = Query::parse(&params, range, call && reads)?;
        let (body, payload) = if method == Method::POST || method == Method::PATCH {
            media::check_body(&parts.headers)?;
            payload::read(body, call).await?
        } else {
            (String::new(), Payload::Other)
        };
        let search_path = format!("\"{}\", public, extensions", schema.replace('"', "\"\""));
        Ok(Self {
            path: parts.uri.path().to_owned(),
            headers: headers(&parts.headers),
            names_schema: named.is_some(),
            method,
            schema,
            search_path,
            query,
            prefer,
            media,
            body,
            payload,
        })
    }

    /// Whether a call takes its arguments from a body.
    pub(super) fn has_body(&self) -> bool {
        self.method == Method::POST
    }

    /// The arguments of a call as JSON: the body, or the parameters as an object of texts.
    pub(super) fn arguments(&self) -> String {
        if self.has_body() {
            return self.body.clone();
        }
        let object: BTreeMap<&str, &str> =
            self.query.arguments.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        serde_json::to_string(&object).unwrap_or_default()
    }
}

fn schema(named: Option<&str>, config: &Config) -> Result<String, Error> {
    let default = config.schemas.first().map_or("public", String::as_str);
    let name = named.unwrap_or(default);
    if config.schemas.iter().any(|schema| schema == name) {
        return Ok(name.to_owned());
    }
    Err(Error::new(StatusCode::NOT_ACCEPTABLE, "PGRST106", format!("Invalid schema: {name}"))
        .hint(format!("Only the following schemas are exposed: {}", config.schemas.join(", "))))
}

fn headers(headers: &HeaderMap) -> String {
    let object: BTreeMap<&str, &str> =
        headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
    serde_json::to_string(&object).unwrap_or_default()
}
