//! `dev.json`: where the stack listens and with what it can be used. For scripts and tests; there
//! while the stack runs, readable by its owner only.

use serde::{Deserialize, Serialize};

/// A user of ClickHouse.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct User {
    /// Its name.
    pub(crate) user: String,
    /// Its password.
    pub(crate) password: String,
}

/// The three users of ClickHouse, as in production.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Users {
    /// Inserts events.
    pub(crate) ingest: User,
    /// Answers questions.
    pub(crate) read: User,
    /// Migrates, erases, repairs.
    pub(crate) maintain: User,
}

/// API keys of the demo project, one of each kind.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Keys {
    /// Publishable: sends events from a browser.
    pub(crate) pk: String,
    /// Secret: sends events from a server.
    pub(crate) sk: String,
    /// Read: asks questions.
    pub(crate) rk: String,
    /// Admin: manages the project.
    pub(crate) ak: String,
}

/// The stores, as far as they are known before the Worker runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Stores {
    /// ClickHouse's HTTP interface.
    pub(crate) clickhouse_url: String,
    /// Its database.
    pub(crate) clickhouse_database: String,
    /// Its users.
    pub(crate) clickhouse_users: Users,
    /// Supabase: PostgREST is below `/rest/v1`.
    pub(crate) postgrest_url: String,
    /// PostgreSQL with the superuser's password.
    pub(crate) postgres_url: String,
    /// API key with the role `service_role`.
    pub(crate) supabase_secret_key: String,
    /// API key with the role `anon`.
    pub(crate) supabase_publishable_key: String,
    /// Signs tokens of signed-in users (HS256).
    pub(crate) supabase_jwt_secret: String,
}

/// The whole file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DevFile {
    /// The Worker.
    pub(crate) worker_url: String,
    /// Opens the Worker's internal routes.
    pub(crate) internal_secret: String,
    /// Its stores.
    #[serde(flatten)]
    pub(crate) stores: Stores,
    /// Keys of the demo project.
    pub(crate) keys: Keys,
    /// The same for its test data.
    #[serde(default)]
    pub(crate) test_keys: Keys,
}
