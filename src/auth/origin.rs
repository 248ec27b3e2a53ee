//! Which pages may use a publishable key.

/// Whether `origin` (the header as sent) is allowed by a list of exact origins, `https://*.example.com`
/// (any subdomain, not the domain itself) and `http://localhost:*` (any port).
pub fn origin_allowed(origin: &str, allowed: &[String]) -> bool {
    allowed.iter().any(|pattern| matches(pattern.trim_end_matches('/'), origin))
}

fn matches(pattern: &str, origin: &str) -> bool {
    if let Some((scheme, domain)) = pattern.split_once("://*.") {
        return origin.split_once("://").is_some_and(|(its_scheme, host)| {
            its_scheme.eq_ignore_ascii_case(scheme)
                && host
                    .len()
                    .checked_sub(domain.len())
                    .and_then(|at| host.split_at_checked(at))
                    .is_some_and(|(sub, end)| sub.len() > 1 && sub.ends_with('.') && end.eq_ignore_ascii_case(domain))
        });
    }
    if let Some(site) = pattern.strip_suffix(":*") {
        return match origin.get(..site.len()) {
            Some(start) if start.eq_ignore_ascii_case(site) => {
                let rest = origin.get(site.len()..).unwrap_or_default();
                rest.is_empty()
                    || rest.strip_prefix(':').is_some_and(|port| {
                        !port.is_empty() && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit())
                    })
            }
            _ => false,
        };
    }
    !pattern.is_empty() && pattern.eq_ignore_ascii_case(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, origin, expected) in [
            ("https://example.com", "https://example.com", true),
            ("https://example.com/", "https://EXAMPLE.com", true),
            ("https://example.com", "http://example.com", false),
            ("https://example.com", "https://example.com.evil.net", false),
            ("https://*.example.com", "https://www.example.com", true),
            ("https://*.example.com", "https://a.b.example.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "https://evilexample.com", false),
            ("https://*.example.com", "https://.example.com", false),
            ("https://*.example.com", "http://www.example.com", false),
            ("http://localhost:*", "http://localhost:3000", true),
            ("http://localhost:*", "http://localhost", true),
            ("http://localhost:*", "http://localhost:3000.evil.net", false),
            ("http://localhost:*", "http://localhost.evil.net", false),
            ("", "", false),
            ("*", "https://example.com", false),
            ("https://*.ex", "https://é.ex", true),
        ] {
            assert_eq!(origin_allowed(origin, &[pattern.to_owned()]), expected, "{pattern} {origin}");
        }
        assert!(!origin_allowed("https://example.com", &[]), "an empty list refuses");
    }
}
