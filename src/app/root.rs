//! `GET /`: what answers at this address, and where to go from here. HTML for browsers, JSON for everything else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::App;
use super::inbound::{Body, Inbound, Reply};
use intake::error::ApiError;

/// Version of the Worker.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The first 12 digits of the commit it was built from, as the bundler sets it for deployments; else `unknown`.
pub(super) const COMMIT: &str = match option_env!("HEADWATER_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// What stands behind each link, in the order of the page.
const LINKS: &[Link] = &[
    Link { name: "docs", href: "https://headwater.dev/docs", about: "How to use Headwater" },
    Link { name: "openapi", href: "/openapi.json", about: "Description of the API (OpenAPI 3.1)" },
    Link { name: "health", href: "/health", about: "Whether the Worker is alive" },
    Link { name: "ready", href: "/ready", about: "Whether its stores answer" },
];

struct Link {
    name: &'static str,
    href: &'static str,
    about: &'static str,
}

/// What answers at this address.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Root {
    #[cfg_attr(test, schemars(extend("const" = "Headwater")))]
    name: &'static str,
    /// Version of the Worker.
    version: &'static str,
    /// The commit it was built from, 12 digits; `unknown` if not known.
    commit: &'static str,
    /// Addresses by name.
    #[cfg_attr(test, schemars(with = "std::collections::BTreeMap<String, String>"))]
    links: Links,
}

/// Addresses by name.
struct Links;

impl Serialize for Links {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(LINKS.iter().map(|link| (link.name, link.href)))
    }
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:4em auto;padding:0 1em}\
    dt{font-weight:600}dd{margin:0 0 .6em}@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8bf}}";

impl App {
    /// `GET /`. Needs neither settings nor stores.
    #[expect(clippy::unused_self, reason = "as all handlers")]
    pub(super) fn root(&self, request: &impl Inbound) -> Result<Reply, ApiError> {
        let reply = if request.header("accept").is_some_and(|accept| prefers_html(&accept)) {
            page()
        } else {
            Reply::of(200, &Root { name: "Headwater", version: VERSION, commit: COMMIT, links: Links })?
        };
        Ok(reply.header("cache-control", "no-store").header("vary", "Accept"))
    }
}

/// Whether `Accept` names HTML. Browsers do; API clients send `*/*` or what they can read.
fn prefers_html(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let (media_type, parameters) = range.split_once(';').unwrap_or((range, ""));
        media_type.trim().eq_ignore_ascii_case("text/html") && parameters.replace(' ', "") != "q=0"
    })
}

/// A page of its own: no script, and no style but the one whose hash the policy names.
fn page() -> Reply {
    let links = LINKS.iter().fold(String::new(), |links, Link { name, href, about }| {
        links + "<dt><a href=\"" + href + "\">" + name + "</a></dt><dd>" + about + "</dd>"
    });
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Headwater</title><style>{STYLE}</style><h1>Headwater</h1>\
         <p>First-party analytics. Version {VERSION}, commit {COMMIT}.</p><dl>{links}</dl></html>\n"
    );
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    Reply { body: Body::Whole(html.into_bytes()), ..Reply::empty(200) }
        .header("content-type", "text/html; charset=utf-8")
        .header(
            "content-security-policy",
            format!(
                "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
                 frame-ancestors 'none'"
            ),
        )
        .header("x-content-type-options", "nosniff")
        .header("referrer-policy", "no-referrer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_for_those_who_name_it() {
        assert!(prefers_html("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(prefers_html("application/json;q=0.5, TEXT/HTML; q=0.9"));
        for accept in ["*/*", "application/json", "text/*", "text/html;q=0", ""] {
            assert!(!prefers_html(accept), "{accept}");
        }
    }
}
