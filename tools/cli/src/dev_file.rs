//! `dev.json`: the addresses and secrets of the local stack, for commands, scripts and tests. It exists while the stack
//! runs; only its owner can read it.

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::secrets::Secrets;
use crate::state::StateArg;

/// A user of ClickHouse.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    /// Its name.
    pub user: String,
    /// Its password.
    pub password: String,
}

/// The three users of ClickHouse, one per role as in production.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Users {
    /// Inserts events.
    pub ingest: User,
    /// Queries.
    pub read: User,
    /// Migrates, deletes, repairs.
    pub maintain: User,
}

/// API keys of the demo project, one of each kind.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Keys {
    /// Publishable: sends events from a browser.
    pub pk: String,
    /// Secret: sends events from a server.
    pub sk: String,
    /// Read: queries.
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

/// The stores, which are known before the Worker runs.
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
    /// Keys for its test data.
    #[serde(default)]
    pub test_keys: Keys,
}

impl Stores {
    /// Variables and secrets with which a Worker uses these stores.
    pub fn worker_settings<'a>(&'a self, secrets: &'a Secrets) -> Vec<(&'static str, &'a str)> {
        let users = &self.clickhouse_users;
        vec![
            ("CLICKHOUSE_URL", &self.clickhouse_url),
            ("CLICKHOUSE_DATABASE", &self.clickhouse_database),
            ("CLICKHOUSE_INSERT_USER", &users.ingest.user),
            ("CLICKHOUSE_INSERT_PASSWORD", &users.ingest.password),
            ("CLICKHOUSE_READ_USER", &users.read.user),
            ("CLICKHOUSE_READ_PASSWORD", &users.read.password),
            ("CLICKHOUSE_MAINTAIN_USER", &users.maintain.user),
            ("CLICKHOUSE_MAINTAIN_PASSWORD", &users.maintain.password),
            ("SUPABASE_URL", &self.postgrest_url),
            ("SUPABASE_SECRET_KEY", &self.supabase_secret_key),
            ("SUPABASE_JWT_SECRET", &self.supabase_jwt_secret),
            ("KEY_PEPPER", &secrets.key_pepper),
            ("VISITOR_SECRET", &secrets.visitor_secret),
            ("INTERNAL_SECRET", &secrets.internal_secret),
        ]
    }
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
