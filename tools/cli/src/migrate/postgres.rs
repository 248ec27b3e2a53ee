//! PostgreSQL: one transaction per file.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use tokio_postgres::error::ErrorPosition;
use tokio_postgres::{Client, Config};

use super::files::{self, Migration, pending};
use super::security::{Security, security};
use crate::blocking::wait;

/// The ledger has a schema of its own: Supabase's API exposes what is in `public`.
const LEDGER: &str = "create schema if not exists headwater_meta;
    create table if not exists headwater_meta.headwater_migrations (
        name text primary key, checksum text not null, applied_at timestamptz not null default now());";

/// Without a lock, two migrations at a time would both find a file missing. The number is arbitrary but fixed.
const LOCK: &str = "select pg_advisory_xact_lock(4716935212071)";

/// Applies the files that the ledger lacks.
pub(super) fn apply(url: &str, files: &[Migration]) -> Result<()> {
    wait(async {
        let mut client = connect(url).await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(LOCK).await?;
        transaction.batch_execute(LEDGER).await.map_err(|error| explained(&error, "")).context("the ledger")?;
        transaction.commit().await?;
        for file in pending(files, &ledger(&client).await?)? {
            apply_file(&mut client, file).await?;
        }
        Ok(())
    })?
}

/// Names of the migrations that the database lacks.
pub(crate) fn missing(url: &str) -> Result<Vec<String>> {
    wait(async {
        let client = connect(url).await?;
        let exists = "select to_regclass('headwater_meta.headwater_migrations') is not null";
        let exists: bool = client.query_one(exists, &[]).await?.get(0);
        let applied = if exists { ledger(&client).await? } else { BTreeMap::new() };
        let files = files::postgres()?;
        Ok(pending(&files, &applied)?.iter().map(|file| file.name.clone()).collect())
    })?
}

async fn apply_file(client: &mut Client, file: &Migration) -> Result<()> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(LOCK).await?;
    let query = "select checksum from headwater_meta.headwater_migrations where name = $1";
    if let Some(row) = transaction.query_opt(query, &[&file.name]).await? {
        // Another process applied it while this one waited for the lock.
        if row.get::<_, &str>(0) == file.checksum {
            return Ok(());
        }
        bail!("another process has just applied {} with a different text", file.name);
    }
    transaction
        .batch_execute(&file.sql)
        .await
        .map_err(|error| explained(&error, &file.sql))
        .with_context(|| format!("{} failed and was rolled back", file.name))?;
    transaction
        .execute(
            "insert into headwater_meta.headwater_migrations (name, checksum) values ($1, $2)",
            &[&file.name, &file.checksum],
        )
        .await?;
    transaction.commit().await?;
    Ok(())
}

async fn ledger(client: &Client) -> Result<BTreeMap<String, String>> {
    let rows = client.query("select name, checksum from headwater_meta.headwater_migrations", &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The server's message with the line of the file that it refers to.
fn explained(error: &tokio_postgres::Error, sql: &str) -> anyhow::Error {
    let Some(error) = error.as_db_error() else {
        return anyhow!("{error}");
    };
    let mut text = format!("{} ({})", error.message(), error.code().code());
    if let Some(detail) = error.detail() {
        text = format!("{text}; {detail}");
    }
    if let Some(hint) = error.hint() {
        text = format!("{text}; {hint}");
    }
    if let Some(ErrorPosition::Original(position)) = error.position() {
        // Positions count characters from one.
        let before: String = sql.chars().take((*position as usize).saturating_sub(1)).collect();
        let number = before.matches('\n').count();
        text = format!("line {}: {text}\n    {}", number + 1, sql.lines().nth(number).unwrap_or_default().trim());
    } else if let Some(place) = error.where_() {
        text = format!("{text}\n    {place}");
    }
    anyhow!(text)
}

async fn connect(url: &str) -> Result<Client> {
    let (url, security) = security(url)?;
    let mut config: Config = url.parse().context("invalid PostgreSQL URL")?;
    config.connect_timeout(Duration::from_secs(10)).application_name("headwater migrate");
    let connected = match security {
        Security::Plain => plain(&config).await,
        #[cfg(feature = "tls")]
        encrypted => over_tls(&mut config, &encrypted).await,
        #[cfg(not(feature = "tls"))]
        _ => bail!(crate::tls::NotCompiledIn),
    };
    connected.with_context(|| format!("cannot reach PostgreSQL at {:?}", config.get_hosts()))
}

async fn plain(config: &Config) -> Result<Client> {
    let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

#[cfg(feature = "tls")]
async fn over_tls(config: &mut Config, security: &Security) -> Result<Client> {
    config.ssl_mode(tokio_postgres::config::SslMode::Require);
    let (client, connection) = config.connect(super::tls::connector(security)?).await?;
    tokio::spawn(connection);
    Ok(client)
}
