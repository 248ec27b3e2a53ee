//! Brings both stores to the schema of this checkout.
//!
//! `migrations/STORE/NNNN_name.sql` are applied in the order of their numbers and noted in a
//! ledger, the table `headwater_migrations`, with their checksum. A file that was applied must not
//! change any more. PostgreSQL applies a file as a whole or not at all. ClickHouse has no
//! transactions: a file that failed halfway is applied again from its start, so its statements say
//! `IF NOT EXISTS` and the like.

mod clickhouse;
mod files;
mod postgres;
mod split;
#[cfg(feature = "tls")]
mod tls;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

pub(crate) use clickhouse::Server as ClickHouse;

use crate::dev_file::DevFile;
use crate::state::StateArg;
use crate::step::step;
use crate::{hosted, workspace};

/// Arguments of `migrate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    state: StateArg,
    /// ClickHouse to migrate, in place of the running stack's.
    #[arg(long, value_name = "URL", env = "HEADWATER_CLICKHOUSE_URL", requires = "clickhouse_user")]
    clickhouse_url: Option<String>,
    /// User that may create tables.
    #[arg(long, value_name = "NAME", env = "HEADWATER_CLICKHOUSE_USER")]
    clickhouse_user: Option<String>,
    /// Its password.
    #[arg(
        long,
        value_name = "PASSWORD",
        env = "HEADWATER_CLICKHOUSE_PASSWORD",
        hide_env_values = true,
        default_value = ""
    )]
    clickhouse_password: String,
    /// Its database; created where it is missing.
    #[arg(long, value_name = "NAME", default_value = "headwater")]
    clickhouse_database: String,
    /// PostgreSQL to migrate (`postgres://…`; `sslmode` and `sslrootcert` are honoured).
    #[arg(long, value_name = "URL", env = "HEADWATER_SUPABASE_DB_URL", hide_env_values = true)]
    supabase_db_url: Option<String>,
}

/// Runs `cargo xtask migrate`.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    hosted::with_tls([args.clickhouse_url.as_deref(), args.supabase_db_url.as_deref()])?;
    if args.clickhouse_url.is_some() || args.supabase_db_url.is_some() {
        if let (Some(url), Some(user)) = (&args.clickhouse_url, &args.clickhouse_user) {
            let server = ClickHouse::new(url, &args.clickhouse_database, user, &args.clickhouse_password);
            migrate_clickhouse(&server)?;
        }
        if let Some(url) = &args.supabase_db_url {
            migrate_postgres(url)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let state = args.state.open()?;
    let Some(dev): Option<DevFile> = state.read("dev.json")? else {
        bail!(
            "no stack runs in {}: start one with `cargo xtask up`, or name the stores with --clickhouse-url and --supabase-db-url",
            workspace::shown(state.dir())
        );
    };
    migrate_clickhouse(&ClickHouse::maintainer_of(&dev.stores))?;
    migrate_postgres(&dev.stores.postgres_url)?;
    Ok(ExitCode::SUCCESS)
}

/// Applies what ClickHouse lacks.
pub(crate) fn migrate_clickhouse(server: &ClickHouse) -> Result<()> {
    step("ClickHouse migrations", || {
        let files = files::load(&workspace::root().join("migrations/clickhouse"))?;
        clickhouse::apply(server, &files).context("ClickHouse migrations")
    })
}

/// Applies what PostgreSQL lacks.
pub(crate) fn migrate_postgres(url: &str) -> Result<()> {
    step("PostgreSQL migrations", || {
        let files = files::load(&workspace::root().join("migrations/postgres"))?;
        postgres::apply(url, &files).context("PostgreSQL migrations")
    })
}
