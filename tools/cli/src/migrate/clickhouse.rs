//! ClickHouse's migrations, over its HTTP interface.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use super::files::{self, Migration, pending};
use super::split::statements;
use crate::event_store::EventStore;

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS headwater_migrations (\
    name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)\
    ) ENGINE = MergeTree ORDER BY name";

/// Applies the files that the ledger lacks.
pub(super) fn apply(store: &EventStore, files: &[Migration]) -> Result<()> {
    let database = store.database();
    if !database.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        bail!("invalid database name {database:?}: use letters, digits and underscores");
    }
    // Checked first: on a hosted server the user may have rights within the database only.
    if store.text(&format!("EXISTS DATABASE {database}"), true)?.trim() != "1" {
        let create = format!("CREATE DATABASE IF NOT EXISTS {database}");
        store.text(&create, true).context("cannot create the database")?;
    }
    store.text(LEDGER, false).context("cannot create the ledger")?;
    for file in pending(files, &ledger(store)?)? {
        for statement in statements(&file.sql) {
            store.text(statement.text, false).with_context(|| {
                format!("{} failed in the statement on line {}\n{}", file.name, statement.line, statement.text)
            })?;
        }
        // Both values are safe to write into SQL: a checked file name and a checksum.
        let (name, checksum) = (&file.name, &file.checksum);
        store.text(
            &format!("INSERT INTO headwater_migrations (name, checksum) VALUES ('{name}', '{checksum}')"),
            false,
        )?;
    }
    Ok(())
}

/// Names of the migrations that the store lacks.
pub(crate) fn missing(store: &EventStore) -> Result<Vec<String>> {
    let applied = if store.text("EXISTS TABLE headwater_migrations", false)?.trim() == "1" {
        ledger(store)?
    } else {
        BTreeMap::new()
    };
    let files = files::clickhouse()?;
    Ok(pending(&files, &applied)?.iter().map(|file| file.name.clone()).collect())
}

fn ledger(store: &EventStore) -> Result<BTreeMap<String, String>> {
    let rows = store.text("SELECT name, any(checksum) FROM headwater_migrations GROUP BY name FORMAT TSV", false)?;
    let rows = rows.lines().filter_map(|line| line.split_once('\t'));
    Ok(rows.map(|(name, checksum)| (name.to_owned(), checksum.to_owned())).collect())
}
