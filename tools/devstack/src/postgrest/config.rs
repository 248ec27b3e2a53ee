//! The settings, from the environment.

use std::str::FromStr as _;

use anyhow::{Context as _, Result, bail};
use tokio_postgres::Config as Database;

/// The shortest secret PostgREST accepts.
const SECRET_LENGTH: usize = 32;

/// What the server is told once, when it starts.
pub(super) struct Config {
    /// Where the database is, and the login.
    pub(super) database: Database,
    /// Schemas a request may name; the first is the default.
    pub(super) schemas: Vec<String>,
    /// The role of a request without a user.
    pub(super) anon_role: String,
    /// The shared secret of HS256 tokens, where tokens are accepted.
    pub(super) jwt_secret: Option<Vec<u8>>,
    /// API keys that mean `service_role`.
    pub(super) secret_keys: Vec<String>,
    /// API keys that mean the anonymous role.
    pub(super) publishable_keys: Vec<String>,
}

impl Config {
    /// Reads the variables named in [`super::Args`].
    pub(super) fn from_environment() -> Result<Self> {
        let uri = read("PGRST_DB_URI").context(
            "set PGRST_DB_URI to the database, such as postgres://authenticator:password@127.0.0.1:54322/postgres",
        )?;
        let Ok(database) = Database::from_str(&uri) else {
            // The parser's own message could repeat the password.
            bail!("PGRST_DB_URI is no connection string: write postgres://user:password@host:port/database");
        };
        let jwt_secret = read("PGRST_JWT_SECRET").map(String::into_bytes);
        if jwt_secret.as_ref().is_some_and(|secret| secret.len() < SECRET_LENGTH) {
            bail!("PGRST_JWT_SECRET is too short: PostgREST wants {SECRET_LENGTH} characters or more");
        }
        let mut schemas = list("PGRST_DB_SCHEMAS");
        if schemas.is_empty() {
            schemas.push("public".to_owned());
        }
        Ok(Self {
            database,
            schemas,
            anon_role: read("PGRST_DB_ANON_ROLE").unwrap_or_else(|| "anon".to_owned()),
            jwt_secret,
            secret_keys: keys("DEVSTACK_SECRET_KEYS", "sb_secret_")?,
            publishable_keys: keys("DEVSTACK_PUBLISHABLE_KEYS", "sb_publishable_")?,
        })
    }
}

fn read(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn list(name: &str) -> Vec<String> {
    let value = read(name).unwrap_or_default();
    value.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn keys(name: &str, prefix: &str) -> Result<Vec<String>> {
    let keys = list(name);
    if keys.iter().any(|key| !key.starts_with(prefix)) {
        bail!("{name} takes keys that begin with {prefix}, separated by commas");
    }
    Ok(keys)
}
