//! Stores that are reached over a network need TLS, which a first `up` should not have to compile.

use std::os::unix::process::CommandExt as _;

use anyhow::{Result, bail};

use crate::workspace;

/// Starts this command again with TLS compiled in, where one of the URLs needs it.
pub(crate) fn with_tls<'a>(urls: impl IntoIterator<Item = Option<&'a str>>) -> Result<()> {
    if cfg!(feature = "tls") || !urls.into_iter().flatten().any(needs_tls) {
        return Ok(());
    }
    let mut cargo = workspace::cargo();
    cargo.args(["run", "--quiet", "--package", "xtask", "--features", "tls", "--"]);
    cargo.args(std::env::args_os().skip(1));
    bail!("cannot run cargo again with TLS: {}", cargo.exec())
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
