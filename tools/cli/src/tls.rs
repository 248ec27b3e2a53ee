//! TLS for stores that are reached over a network. It is a feature of the build, off by default: a first
//! `cargo xtask up` should not have to compile it.

use std::fmt;

/// An address needs TLS, and this build has none. `cargo xtask` answers it by building itself again.
#[derive(Debug)]
pub struct NotCompiledIn;

impl fmt::Display for NotCompiledIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "this address needs TLS, which this build of headwater lacks: install it with \
             `cargo install --path tools/cli --features tls`",
        )
    }
}

impl std::error::Error for NotCompiledIn {}

/// Chooses the implementation of cryptography for all connections of this program.
pub fn prepare() {
    #[cfg(feature = "tls")]
    {
        // Fails only where it is chosen already.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

/// Whether this build can reach these addresses.
///
/// # Errors
/// Where one of them needs TLS and there is none.
pub fn check<'a>(urls: impl IntoIterator<Item = Option<&'a str>>) -> Result<(), NotCompiledIn> {
    if cfg!(feature = "tls") || !urls.into_iter().flatten().any(needs_tls) { Ok(()) } else { Err(NotCompiledIn) }
}

fn needs_tls(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    match scheme {
        "https" => true,
        "postgres" | "postgresql" => {
            let host = rest.split(['/', '?']).next().unwrap_or_default();
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            let local = ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| host.starts_with(name));
            !rest.contains("sslmode=disable") && (!local || rest.contains("sslmode="))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::needs_tls;

    #[test]
    fn stores_on_this_machine_need_no_tls_and_others_do() {
        assert!(!needs_tls("http://127.0.0.1:8123"));
        assert!(needs_tls("https://x.clickhouse.cloud:8443"));
        assert!(!needs_tls("postgres://postgres:p@127.0.0.1:5432/postgres"));
        assert!(needs_tls("postgresql://postgres:p@db.x.supabase.co:5432/postgres"));
        assert!(needs_tls("postgres://p@127.0.0.1/postgres?sslmode=require"));
        assert!(!needs_tls("postgres://p@db.internal/postgres?sslmode=disable"));
    }
}
