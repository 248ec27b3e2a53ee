//! The one table of routes. Tests, CORS and documentation read it too.

use crate::error::{ApiError, ErrorCode};
use crate::key::Access;

/// What answers a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handler {
    /// `GET /health`
    Health,
    /// `GET /ready`
    Ready,
    /// `POST /v1/track`
    Track,
    /// `POST /v1/batch`
    Batch,
    /// `GET /v1/stats`
    Stats,
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

/// All routes (contract, "Endpoints").
pub const ROUTES: &[Route] = &[
    route("POST", "/v1/track", Handler::Track, Some(Access::Ingest)),
    route("POST", "/e", Handler::Track, Some(Access::Ingest)),
    route("POST", "/v1/batch", Handler::Batch, Some(Access::Ingest)),
    route("GET", "/v1/stats", Handler::Stats, Some(Access::Read)),
    route("GET", "/health", Handler::Health, None),
    route("GET", "/ready", Handler::Ready, None),
];

/// Finds the route of a request. `HEAD` is answered like `GET`.
///
/// # Errors
/// `not_found`, or `method_not_allowed` with the methods that exist.
pub fn resolve(method: &str, path: &str) -> Result<&'static Route, ApiError> {
    let wanted = if method == "HEAD" { "GET" } else { method };
    let found = ROUTES.iter().find(|route| route.path == path && route.method == wanted);
    found.ok_or_else(|| match allowed(path) {
        None => ApiError::new(ErrorCode::NotFound, "there is nothing at this address"),
        Some(allow) => {
            let mut error = ApiError::new(ErrorCode::MethodNotAllowed, format!("this address takes {allow}"));
            error.allow = Some(allow);
            error
        }
    })
}

/// The methods that exist on a path, e.g. `GET, HEAD, OPTIONS`; `None` where the path does not exist.
pub fn allowed(path: &str) -> Option<String> {
    let mut methods: Vec<&str> = ROUTES.iter().filter(|route| route.path == path).map(|route| route.method).collect();
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
        assert_eq!(resolve("POST", "/v1/track").unwrap().handler, Handler::Track);
        assert_eq!(resolve("HEAD", "/health").unwrap().handler, Handler::Health);
        assert_eq!(resolve("GET", "/v1/track/").unwrap_err().code, ErrorCode::NotFound);
        let error = resolve("DELETE", "/v1/stats").unwrap_err();
        assert_eq!((error.code, error.allow.as_deref()), (ErrorCode::MethodNotAllowed, Some("GET, HEAD, OPTIONS")));
    }
}
