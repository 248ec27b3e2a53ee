//! ClickHouse over its HTTP interface.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::dev_file::Stores;

use super::files::{Migration, pending};
use super::split::statements;

/// How long one statement may take; a mutation of a large table is slow.
const LIMIT: Duration = Duration::from_mins(10);

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS headwater_migrations (\
    name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)\
    ) ENGINE = MergeTree ORDER BY name";

/// A server, the database on it and the user to be.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    url: String,
    database: String,
    user: String,
    password: String,
}

impl Server {
    /// A server by its parts.
    pub(crate) fn new(url: &str, database: &str, user: &str, password: &str) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            database: database.to_owned(),
            user: user.to_owned(),
            password: password.to_owned(),
        }
    }

    /// The server of a stack, as the user that may change it.
    pub(crate) fn maintainer_of(stores: &Stores) -> Self {
        let maintain = &stores.clickhouse_users.maintain;
        Self::new(&stores.clickhouse_url, &stores.clickhouse_database, &maintain.user, &maintain.password)
    }

    /// Executes a statement within the database and returns the answer.
    pub(crate) fn execute(&self, sql: &str) -> Result<String> {
        self.post(sql, Some(&self.database))
    }

    fn post(&self, sql: &str, database: Option<&str>) -> Result<String> {
        let agent = ureq::Agent::new_with_config(
            ureq::Agent::config_builder()
                .http_status_as_error(false)
                .timeout_connect(Some(Duration::from_secs(10)))
                .timeout_global(Some(LIMIT))
                .build(),
        );
        let mut request = agent
            .post(format!("{}/", self.url))
            .header("X-ClickHouse-User", &self.user)
            .header("X-ClickHouse-Key", &self.password)
            .query("wait_end_of_query", "1");
        if let Some(database) = database {
            request = request.query("database", database);
        }
        let mut answer =
            request.send(sql).with_context(|| format!("cannot reach ClickHouse at {}", without_userinfo(&self.url)))?;
        let text = answer.body_mut().read_to_string()?;
        if answer.status() != 200 {
            bail!("{}", text.trim());
        }
        Ok(text)
    }
}

/// Applies the files that the ledger lacks.
pub(crate) fn apply(server: &Server, files: &[Migration]) -> Result<()> {
    if !server.database.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        bail!("the database name {:?} is not made of letters, digits and underscores", server.database);
    }
    // Asked first: on a hosted server the user may have rights within the database only.
    if server.post(&format!("EXISTS DATABASE {}", server.database), None)?.trim() != "1" {
        let create = format!("CREATE DATABASE IF NOT EXISTS {}", server.database);
        server.post(&create, None).context("cannot create the database")?;
    }
    server.execute(LEDGER).context("cannot create the ledger")?;
    let ledger = server.execute("SELECT name, any(checksum) FROM headwater_migrations GROUP BY name FORMAT TSV")?;
    let applied: BTreeMap<String, String> = ledger
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(name, checksum)| (name.to_owned(), checksum.to_owned()))
        .collect();
    for file in pending(files, &applied)? {
        for statement in statements(&file.sql) {
            server.execute(statement.text).with_context(|| {
                format!("{} failed in the statement on line {}\n{}", file.name, statement.line, statement.text)
            })?;
        }
        // Both values are safe to write into SQL: a checked file name and a checksum.
        server.execute(&format!(
            "INSERT INTO headwater_migrations (name, checksum) VALUES ('{}', '{}')",
            file.name, file.checksum
        ))?;
    }
    Ok(())
}

fn without_userinfo(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        _ => url.to_owned(),
    }
}
