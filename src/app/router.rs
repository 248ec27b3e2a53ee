//! Finds the route of a request. Paths are compared as they were sent, not decoded.

use std::sync::OnceLock;

use matchit::Router;

use super::routes::{ROUTES, Route};
use intake::error::{ApiError, ErrorCode};

/// The routes of one path, one for each method.
type Methods = Vec<&'static Route>;

/// Built once an instance, when the first request comes.
static ROUTER: OnceLock<Router<Methods>> = OnceLock::new();

/// A path that exists.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matched<'a> {
    methods: &'static [&'static Route],
    /// What the path holds at `{id}`; empty where the route has none.
    pub(super) id: &'a str,
}

/// Looks a path up; `None` where nothing is there.
pub(super) fn find(path: &str) -> Option<Matched<'_>> {
    let found = ROUTER.get_or_init(router).at(path).ok()?;
    Some(Matched { methods: found.value, id: found.params.get("id").unwrap_or_default() })
}

/// The answer to a path that does not exist.
pub(super) fn nothing() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "there is nothing at this address")
}

impl Matched<'_> {
    /// The route of a method. `HEAD` is answered like `GET`.
    ///
    /// # Errors
    /// `method_not_allowed` with the methods that exist.
    pub(super) fn route(&self, method: &str) -> Result<&'static Route, ApiError> {
        let wanted = if method == "HEAD" { "GET" } else { method };
        self.methods.iter().find(|route| route.method == wanted).copied().ok_or_else(|| {
            let allow = self.allow();
            let mut error = ApiError::new(ErrorCode::MethodNotAllowed, format!("this address takes {allow}"));
            error.allow = Some(allow);
            error
        })
    }

    /// The methods that exist, as `Allow` lists them, e.g. `GET, HEAD, OPTIONS`.
    pub(super) fn allow(&self) -> String {
        let mut methods: Vec<&str> = self.methods.iter().map(|route| route.method).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        methods.join(", ")
    }

    /// Whether it is an endpoint of AI agents ([`Route::is_for_agents`]).
    pub(super) fn is_for_agents(&self) -> bool {
        self.methods.iter().any(|route| route.is_for_agents())
    }
}

fn router() -> Router<Methods> {
    let mut router = Router::new();
    for (index, route) in ROUTES.iter().enumerate() {
        if ROUTES.iter().take(index).any(|earlier| earlier.path == route.path) {
            continue;
        }
        let methods: Methods = ROUTES.iter().filter(|other| other.path == route.path).collect();
        // Clients of MCP are often configured with a trailing slash.
        if route.is_for_agents() {
            insert(&mut router, format!("{}/", route.path), methods.clone());
        }
        insert(&mut router, route.path.to_owned(), methods);
    }
    router
}

/// Paths that exclude each other would be a mistake in the table; the tests look each route up.
fn insert(router: &mut Router<Methods>, path: String, methods: Methods) {
    let inserted = router.insert(path, methods);
    debug_assert!(inserted.is_ok(), "{inserted:?}");
}

#[cfg(test)]
mod tests {
    use super::super::routes::{Endpoint, Keyed, Management, Open};
    use super::*;
    use crate::mcp::Door;

    fn endpoint(method: &str, path: &str) -> Option<Endpoint> {
        find(path).and_then(|found| found.route(method).ok()).map(|route| route.endpoint)
    }

    #[test]
    fn every_route_is_found_under_its_path_and_method() {
        for route in ROUTES {
            let path = route.path.replace("{id}", "a%2Fb");
            let found = find(&path).unwrap();
            let same = found.route(route.method).unwrap();
            assert_eq!((same.method, same.path, same.endpoint), (route.method, route.path, route.endpoint));
            assert_eq!(found.id, if route.path.contains("{id}") { "a%2Fb" } else { "" }, "paths are not decoded");
        }
    }

    #[test]
    fn methods_are_those_of_the_path() {
        assert_eq!(endpoint("HEAD", "/health"), Some(Endpoint::Open(Open::Health)));
        assert_eq!(endpoint("POST", "/v1/keys/abc/rotate"), Some(Endpoint::Session(Management::KeyRotate)));
        let error = find("/v1/stats").unwrap().route("DELETE").unwrap_err();
        assert_eq!(
            (error.code, error.allow.as_deref()),
            (ErrorCode::MethodNotAllowed, Some("GET, POST, HEAD, OPTIONS"))
        );
    }

    #[test]
    fn an_id_is_one_segment_that_is_not_empty() {
        assert_eq!(find("/v1/keys/abc").unwrap().id, "abc");
        for path in ["/v1/keys/", "/v1/keys/a/b", "/v1/keys//rotate", "/v1/keys/a/rotate/", "/v1/keys/a/", "//", ""] {
            assert!(find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_trailing_slash_is_accepted_for_agents_alone() {
        for (path, door) in [("/mcp", Door::Project), ("/mcp/account", Door::Account)] {
            for path in [path.to_owned(), format!("{path}/")] {
                let found = find(&path).unwrap();
                assert!(found.is_for_agents());
                assert!(matches!(endpoint("POST", &path), Some(Endpoint::Keyed(_, Keyed::Mcp(at))) if at == door));
            }
        }
        for route in ROUTES.iter().filter(|route| !route.is_for_agents() && route.path != "/") {
            let path = route.path.replace("{id}", "a");
            assert!(!find(&path).unwrap().is_for_agents());
            assert!(find(&format!("{path}/")).is_none(), "{path}/");
        }
    }
}
