//! How the connection to a PostgreSQL is secured, by the options of its address.

use anyhow::{Result, bail};

/// How the connection is secured, from libpq's `sslmode` and `sslrootcert`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// Without encryption.
    Plain,
    /// Encrypted, with any certificate: Supabase has a certificate authority of its own, whose file may be missing.
    Encrypted,
    /// Encrypted, with a certificate for this host, signed by the authority in this file, or by a public one.
    Verified(Option<String>),
}

/// Takes the two parameters out of the URL: the PostgreSQL library does not fully know them.
pub(super) fn security(url: &str) -> Result<(String, Security)> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut authority) = (None, None);
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => mode = Some(value.to_owned()),
            Some(("sslrootcert", value)) => authority = Some(value.replace("%2F", "/").replace("%2f", "/")),
            _ => kept.push(pair),
        }
    }
    let local = ["@127.0.0.1", "@localhost", "@[::1]", "//127.0.0.1", "//localhost"].iter().any(|h| base.contains(h));
    let security = match mode.as_deref() {
        Some("disable") => Security::Plain,
        None if local => Security::Plain,
        Some("verify-ca" | "verify-full") => Security::Verified(authority),
        None | Some("allow" | "prefer" | "require") if authority.is_some() => Security::Verified(authority),
        None | Some("allow" | "prefer" | "require") => Security::Encrypted,
        Some(other) => bail!("unknown sslmode={other}: use disable, require or verify-full"),
    };
    let url = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
    Ok((url, security))
}

#[cfg(test)]
mod tests {
    use super::{Security, security};

    #[test]
    fn a_store_on_this_machine_is_reached_in_the_clear_and_others_never_by_default() {
        let of = |url: &str| security(url).unwrap().1;
        assert_eq!(of("postgres://postgres:p@127.0.0.1:1/postgres"), Security::Plain);
        assert_eq!(of("postgres://postgres:p@db.x.supabase.co/postgres"), Security::Encrypted);
        assert_eq!(of("postgres://p@db.x/postgres?sslmode=verify-full"), Security::Verified(None));
        assert_eq!(
            of("postgres://p@db.x/postgres?sslmode=require&sslrootcert=%2Fca.pem"),
            Security::Verified(Some("/ca.pem".to_owned()))
        );
        assert!(security("postgres://p@db.x/postgres?sslmode=maybe").is_err());
    }

    #[test]
    fn other_parameters_stay_in_the_url() {
        let (url, _) = security("postgres://p@db.x/a?sslmode=require&application_name=b").unwrap();
        assert_eq!(url, "postgres://p@db.x/a?application_name=b");
    }
}
