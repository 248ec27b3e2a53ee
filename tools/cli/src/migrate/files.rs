//! The migrations of this version, and which of them a store lacks.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Result, bail};
use sha2::{Digest, Sha256};

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Migration {
    /// File name, which begins with the number.
    pub(super) name: String,
    /// Its text.
    pub(super) sql: String,
    /// SHA-256 of the text, in hexadecimal.
    pub(super) checksum: String,
}

impl Migration {
    fn new(name: String, sql: String) -> Result<Self> {
        let mut checksum = String::with_capacity(64);
        for byte in Sha256::digest(&sql) {
            write!(checksum, "{byte:02x}")?;
        }
        Ok(Self { name, sql, checksum })
    }

    fn number(&self) -> &str {
        &self.name[..4]
    }
}

/// Names and texts, as `build.rs` found them.
mod embedded {
    include!(concat!(env!("OUT_DIR"), "/migrations.rs"));
}

/// ClickHouse's, in order.
pub(super) fn clickhouse() -> Result<Vec<Migration>> {
    load(embedded::CLICKHOUSE)
}

/// PostgreSQL's, in order.
pub(super) fn postgres() -> Result<Vec<Migration>> {
    load(embedded::POSTGRES)
}

/// The tables that ClickHouse's migrations create.
pub(crate) fn tables() -> Vec<&'static str> {
    let words = |sql: &'static str| sql.split("CREATE TABLE IF NOT EXISTS ").skip(1);
    let name = |rest: &'static str| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
    embedded::CLICKHOUSE.iter().flat_map(|(_, sql)| words(sql).filter_map(name)).collect()
}

fn load(files: &[(&str, &str)]) -> Result<Vec<Migration>> {
    let mut found = Vec::new();
    for (name, sql) in files {
        if !well_named(name) {
            bail!("{name} is not named like 0001_what_it_does.sql: rename or remove it");
        }
        found.push(Migration::new((*name).to_owned(), (*sql).to_owned())?);
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    for pair in found.windows(2) {
        if pair[0].number() == pair[1].number() {
            bail!("{} and {} have the same number: give one of them the next", pair[0].name, pair[1].name);
        }
    }
    Ok(found)
}

/// The files that the ledger (name → checksum) does not contain yet.
pub(super) fn pending<'a>(files: &'a [Migration], applied: &BTreeMap<String, String>) -> Result<&'a [Migration]> {
    for name in applied.keys() {
        if !files.iter().any(|file| file.name == *name) {
            bail!(
                "{name} was applied to this store, but this version has no such file: use the matching version, or restore it"
            );
        }
    }
    let mut next = 0;
    for (position, file) in files.iter().enumerate() {
        match applied.get(&file.name) {
            Some(checksum) if *checksum != file.checksum => bail!(
                "{} was applied to this store and edited afterwards: restore the file and put the change into a new migration",
                file.name
            ),
            Some(_) if position > next => bail!(
                "{} comes before {}, which was applied already: give it a higher number",
                files[next].name,
                file.name
            ),
            Some(_) => next = position + 1,
            None => {}
        }
    }
    Ok(&files[next..])
}

fn well_named(name: &str) -> bool {
    let Some((number, rest)) = name.split_once('_') else {
        return false;
    };
    let Some(title) = rest.strip_suffix(".sql") else {
        return false;
    };
    number.len() == 4
        && number.bytes().all(|b| b.is_ascii_digit())
        && !title.is_empty()
        && title.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Migration, clickhouse, load, pending, postgres, tables, well_named};

    #[test]
    fn the_tables_are_known() {
        let tables = tables();
        assert!(["events", "dirty", "sessions", "dead_letters"].iter().all(|name| tables.contains(name)), "{tables:?}");
    }

    #[test]
    fn this_version_has_migrations_for_both_stores() {
        for files in [clickhouse().unwrap(), postgres().unwrap()] {
            assert!(files[0].name.starts_with("0001_") && !files[0].sql.is_empty());
        }
        assert!(load(&[("0001_a.sql", ""), ("0001_b.sql", "")]).unwrap_err().to_string().contains("same number"));
        assert!(load(&[("a.sql", "")]).is_err());
    }

    fn file(name: &str) -> Migration {
        Migration::new(name.to_owned(), format!("-- {name}")).unwrap()
    }

    fn ledger(files: &[&Migration]) -> BTreeMap<String, String> {
        files.iter().map(|f| (f.name.clone(), f.checksum.clone())).collect()
    }

    #[test]
    fn what_is_not_in_the_ledger_is_pending() {
        let files = [file("0001_a.sql"), file("0002_b.sql")];
        assert_eq!(pending(&files, &ledger(&[])).unwrap().len(), 2);
        assert_eq!(pending(&files, &ledger(&[&files[0]])).unwrap(), &files[1..]);
        assert!(pending(&files, &ledger(&[&files[0], &files[1]])).unwrap().is_empty());
    }

    #[test]
    fn an_edited_a_lost_and_a_late_file_are_refused() {
        let files = [file("0001_a.sql"), file("0002_b.sql")];
        let mut edited = ledger(&[&files[0]]);
        edited.insert("0001_a.sql".to_owned(), "other".to_owned());
        assert!(pending(&files, &edited).unwrap_err().to_string().contains("edited afterwards"));

        let lost = ledger(&[&file("0000_z.sql")]);
        assert!(pending(&files, &lost).unwrap_err().to_string().contains("0000_z.sql"));

        let late = ledger(&[&files[1]]);
        assert!(pending(&files, &late).unwrap_err().to_string().contains("higher number"));
    }

    #[test]
    fn names_carry_a_number() {
        assert!(well_named("0001_events.sql"));
        assert!(!well_named("1_events.sql") && !well_named("0001-events.sql") && !well_named("0001_Events.sql"));
    }
}
