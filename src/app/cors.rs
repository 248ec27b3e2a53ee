//! Cross-origin access. Keys travel in a header or in the URL and never in a cookie, so a browser may read
//! every answer; which page may *use* a publishable key is decided by the key's own list.

use super::inbound::Reply;

/// What a page may send along; the last ones are those of `/mcp`.
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, Content-Encoding, MCP-Protocol-Version, Mcp-Method, \
     Mcp-Name, Mcp-Session-Id, Last-Event-ID";

/// Lets the page that asked read the answer. An answer that any page may read, which says so itself, is the same for
/// all of them and may be kept for all.
pub(super) fn open(reply: &mut Reply, origin: Option<&str>) {
    if reply.headers.iter().any(|(name, _)| *name == "access-control-allow-origin") {
        return;
    }
    match reply.headers.iter_mut().find(|(name, _)| *name == "vary") {
        // The runtime takes one header of a name.
        Some((_, names)) => names.to_mut().push_str(", Origin"),
        None => reply.headers.push(("vary", "Origin".into())),
    }
    if let Some(origin) = origin {
        reply.headers.push(("access-control-allow-origin", origin.to_owned().into()));
        reply
            .headers
            .push(("access-control-expose-headers", "X-Request-Id, Retry-After, RateLimit, RateLimit-Policy".into()));
    }
}

/// The answer to a preflight for a path with these methods. A browser sends it without the key, so it says only what
/// the path accepts.
pub(super) fn preflight(allow: String) -> Reply {
    Reply::empty(204)
        .header("allow", allow.clone())
        .header("access-control-allow-methods", allow)
        .header("access-control-allow-headers", ALLOWED_HEADERS)
        .header("access-control-max-age", "86400")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_for_all_pages_is_not_made_one_for_each() {
        let origin = Some("https://shop.example");
        let mut reply = Reply::empty(200).header("access-control-allow-origin", "*");
        open(&mut reply, origin);
        assert_eq!(reply.headers.len(), 1);
        let mut reply = Reply::empty(200);
        open(&mut reply, origin);
        assert!(reply.headers.contains(&("vary", "Origin".into())));
        assert!(reply.headers.contains(&("access-control-allow-origin", "https://shop.example".into())));
    }
}
