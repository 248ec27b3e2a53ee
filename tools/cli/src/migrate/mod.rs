//! `headwater migrate`: brings both stores to the schema of this version.
//!
//! `migrations/STORE/NNNN_name.sql` are compiled in and applied in the order of their numbers. The table
//! `headwater_migrations` of each store records what was applied, with a checksum: an applied file must not change.
//! PostgreSQL applies a file completely or not at all. ClickHouse has no transactions: a file that failed halfway is
//! applied again from its start, so its statements say `IF NOT EXISTS` and the like.

mod clickhouse;
mod files;
mod postgres;
mod security;
mod split;
#[cfg(feature = "tls")]
mod tls;

use std::process::ExitCode;

use anyhow::{Context, Result};

pub(crate) use clickhouse::missing as missing_in_clickhouse;
pub(crate) use files::tables;
pub(crate) use postgres::missing as missing_in_postgres;

use crate::dev_file::DevFile;
use crate::event_store::{EventStore, EventStoreArgs};
use crate::state::StateArg;
use crate::step::step;

/// Arguments of `migrate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    state: StateArg,
    #[command(flatten)]
    store: EventStoreArgs,
    /// PostgreSQL to migrate (`postgres://…`); its `sslmode` and `sslrootcert` are respected.
    #[arg(long, value_name = "URL", env = "HEADWATER_SUPABASE_DB_URL", hide_env_values = true)]
    supabase_db_url: Option<String>,
}

/// Runs `headwater migrate`.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    crate::tls::check([args.store.clickhouse_url.as_deref(), args.supabase_db_url.as_deref()])?;
    let named = args.store.named()?;
    if named.is_none() && args.supabase_db_url.is_none() {
        let stores = DevFile::of(&args.state)?.stores;
        migrate_clickhouse(&EventStore::maintainer_of(&stores)?)?;
        migrate_postgres(&stores.postgres_url)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(store) = named {
        migrate_clickhouse(&store)?;
    }
    if let Some(url) = &args.supabase_db_url {
        migrate_postgres(url)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Applies the migrations that ClickHouse lacks.
///
/// # Errors
/// The statement that failed, with its line.
pub fn migrate_clickhouse(store: &EventStore) -> Result<()> {
    step("ClickHouse migrations", || clickhouse::apply(store, &files::clickhouse()?).context("ClickHouse migrations"))
}

/// Applies the migrations that PostgreSQL lacks.
///
/// # Errors
/// The statement that failed, with its line.
pub fn migrate_postgres(url: &str) -> Result<()> {
    step("PostgreSQL migrations", || postgres::apply(url, &files::postgres()?).context("PostgreSQL migrations"))
}
