//! `dev.json`: the addresses and secrets of the local stack, for commands, scripts and tests. It exists while the stack
//! runs; only its owner can read it.

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::state::StateArg;

/// A user of ClickHouse.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    /// Its name.
    pub user: String,
    /// Its password.
    pub password: String,
}

/// The three users of ClickHouse, as in production.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Users {
    /// Inserts events.
    pub ingest: User,
    /// Answers questions.
    pub read: User,
    /// Migrates, erases, repairs.
    pub maintain: User,
}

/// API keys of the demo project, one of each kind.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Keys {
    /// Publishable: sends events from a browser.
    pub pk: String,
    /// Secret: sends events from a server.
    pub sk: String,
    /// Read: asks questions.
    pub rk: String,
    /// Admin: manages the project.
    pub ak: String,
}

impl Keys {
    /// Each key with the name of its kind.
    pub fn by_kind(&self) -> [(&'static str, &str); 4] {
        [("publishable", &self.pk), ("secret", &self.sk), ("read-only", &self.rk), ("account", &self.ak)]
    }
}

/// The stores, as far as they are known before the Worker runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stores {
    /// ClickHouse's HTTP interface.
    pub clickhouse_url: String,
    /// Its database.
    pub clickhouse_database: String,
    /// Its users.
    pub clickhouse_users: Users,
    /// Supabase: PostgREST is below `/rest/v1`.
    pub postgrest_url: String,
    /// PostgreSQL with the superuser's password.
    pub postgres_url: String,
    /// API key with the role `service_role`.
    pub supabase_secret_key: String,
    /// API key with the role `anon`.
    pub supabase_publishable_key: String,
    /// Signs tokens of signed-in users (HS256).
    pub supabase_jwt_secret: String,
}

/// The whole file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DevFile {
    /// The Worker.
    pub worker_url: String,
    /// Opens the Worker's internal routes.
    pub internal_secret: String,
    /// Its stores.
    #[serde(flatten)]
    pub stores: Stores,
    /// Keys of the demo project.
    pub keys: Keys,
    /// The same for its test data.
    #[serde(default)]
    pub test_keys: Keys,
}

impl DevFile {
    /// The file of the stack in this state folder.
    ///
    /// # Errors
    /// Where no stack runs there.
    pub fn of(state: &StateArg) -> Result<Self> {
        let state = state.open()?;
        let found: Option<Self> = state.read("dev.json")?;
        found.with_context(|| {
            format!(
                "no stack runs in {}: start one with `cargo xtask up`, or name the stores (see --help)",
                crate::workspace::shown(state.dir())
            )
        })
    }
}
