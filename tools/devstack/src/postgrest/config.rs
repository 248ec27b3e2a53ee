//! Settings, from the environment.

use std::str::FromStr as _;

use anyhow::{Context as _, Result, bail};
use tokio_postgres::Config as Database;

/// The shortest secret PostgREST accepts.
const SECRET_LENGTH: usize = 32;

/// Settings, read once at the start.
pub(super) struct Config {
    /// Address of the database, and the login.
    pub(super) database: Database,
    /// The shared secret of HS256 tokens; without it no token is accepted.
    pub(super) jwt_secret: Option<Vec<u8>>,
    /// API keys of the role `service_role`.
    pub(super) secret_keys: Vec<String>,
    /// API keys of the role `anon`.
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
            bail!("PGRST_DB_URI is not a connection string: write postgres://user:password@host:port/database");
        };
        let jwt_secret = read("PGRST_JWT_SECRET").map(String::into_bytes);
        if jwt_secret.as_ref().is_some_and(|secret| secret.len() < SECRET_LENGTH) {
            bail!("PGRST_JWT_SECRET is too short: PostgREST requires at least {SECRET_LENGTH} characters");
        }
        Ok(Self {
            database,
            jwt_secret,
            secret_keys: keys("DEVSTACK_SECRET_KEYS", "sb_secret_")?,
            publishable_keys: keys("DEVSTACK_PUBLISHABLE_KEYS", "sb_publishable_")?,
        })
    }
}

fn read(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn keys(name: &str, prefix: &str) -> Result<Vec<String>> {
    let value = read(name).unwrap_or_default();
    let keys: Vec<String> =
        value.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
    if keys.iter().any(|key| !key.starts_with(prefix)) {
        bail!("{name} must be a comma-separated list of keys that begin with {prefix}");
    }
    Ok(keys)
}
