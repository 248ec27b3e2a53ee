//! Compiles the tables of sources into static arrays.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::Result;
use crate::hash;
use crate::suffixes::{self, Rules};

/// The host tables. A name in more than one of them gets the kind of the first.
const HOST_TABLES: &[(&str, &str)] = &[
    ("ai", "Ai"),
    ("search", "Search"),
    ("social", "Social"),
    ("video", "Video"),
    ("shopping", "Shopping"),
    ("email", "Email"),
    ("site", "Site"),
    ("ads", "Paid"),
];

/// All kinds. A compiled table stores the index.
const KINDS: [&str; 10] = ["Ai", "Search", "Social", "Video", "Shopping", "Email", "Site", "Paid", "Message", "Direct"];

/// Contents of all tables, by key.
#[derive(Default)]
struct Collected {
    sources: BTreeMap<String, usize>,
    hosts: BTreeMap<String, Row>,
    countries: BTreeMap<String, Row>,
    apps: BTreeMap<String, Row>,
    paths: BTreeMap<String, Row>,
    names: BTreeMap<String, Row>,
}

#[derive(Clone)]
struct Row {
    source: String,
    kind: &'static str,
    exact: bool,
}

pub(crate) fn generate(folder: &Path, rules: &Rules) -> Result<String> {
    let mut all = Collected::default();
    for &(file, kind) in HOST_TABLES {
        for (line, [pattern, source, _origin]) in rows::<3>(&folder.join(format!("{file}.tsv")))? {
            add(&mut all, rules, pattern.as_str(), source, kind)
                .map_err(|error| format!("{file}.tsv:{line}: {error}"))?;
        }
    }
    for (line, [name, source, kind, _origin]) in rows::<4>(&folder.join("names.tsv"))? {
        let kind = kind_of(&kind).ok_or_else(|| format!("names.tsv:{line}: unknown kind {kind}"))?;
        all.names.insert(name, Row { source, kind, exact: false });
    }
    // Each source is also a name of itself, with the kind of its first table.
    for &(_, kind) in HOST_TABLES {
        let maps = [&all.hosts, &all.countries, &all.apps, &all.paths];
        let own: Vec<Row> = maps.iter().flat_map(|map| map.values()).filter(|row| row.kind == kind).cloned().collect();
        for row in own {
            all.names.entry(row.source.clone()).or_insert(row);
        }
    }
    let maps = [&all.hosts, &all.countries, &all.apps, &all.paths, &all.names];
    all.sources = maps.iter().flat_map(|map| map.values()).map(|row| (row.source.clone(), 0)).collect();
    for (index, slot) in all.sources.values_mut().enumerate() {
        *slot = index;
    }
    let mut code = String::new();
    write_sources(&mut code, &all.sources)?;
    let kinds: Vec<String> = KINDS.iter().map(|kind| format!("Kind::{kind}")).collect();
    writeln!(code, "static KINDS: &[Kind] = &[{}];", kinds.join(", "))?;
    write_table(&mut code, "HOSTS", &all.hosts, &all.sources)?;
    write_table(&mut code, "COUNTRY_HOSTS", &all.countries, &all.sources)?;
    write_table(&mut code, "APPS", &all.apps, &all.sources)?;
    write_table(&mut code, "NAMES", &all.names, &all.sources)?;
    write_paths(&mut code, &all.paths, &all.sources)?;
    code.push_str(&click_ids(folder)?);
    Ok(code)
}

fn add(all: &mut Collected, rules: &Rules, pattern: &str, source: String, kind: &'static str) -> Result<()> {
    if pattern != pattern.to_ascii_lowercase() {
        return Err("a pattern must be in lower case".into());
    }
    let mut row = Row { source, kind, exact: false };
    let (map, key) = if let Some(app) = pattern.strip_prefix("app:") {
        (&mut all.apps, app)
    } else if pattern.contains('/') {
        (&mut all.paths, pattern)
    } else if let Some(stem) = pattern.strip_suffix(".*") {
        (&mut all.countries, stem)
    } else if let Some(host) = pattern.strip_prefix("*.") {
        (&mut all.hosts, host)
    } else if let Some(host) = pattern.strip_prefix('=') {
        row.exact = true;
        (&mut all.hosts, host)
    } else {
        row.exact = suffixes::is_suffix(rules, pattern);
        (&mut all.hosts, pattern)
    };
    match map.insert(key.to_owned(), row) {
        Some(_) => Err(format!("{pattern} is in the tables twice").into()),
        None => Ok(()),
    }
}

/// Writes the names of sources as one string and the end of each: smaller than a slice of references.
fn write_sources(code: &mut String, sources: &BTreeMap<String, usize>) -> Result<()> {
    let (mut text, mut ends) = (String::new(), Vec::new());
    for name in sources.keys() {
        text.push_str(name);
        ends.push(u16::try_from(text.len())?);
    }
    writeln!(code, "static SOURCE_TEXT: &str = {text:?};\nstatic SOURCE_ENDS: &[u16] = &{ends:?};")?;
    Ok(())
}

/// Writes a hash table (`src/table.rs`).
fn write_table(
    code: &mut String,
    name: &str,
    rows: &BTreeMap<String, Row>,
    sources: &BTreeMap<String, usize>,
) -> Result<()> {
    let count = (rows.len() / 2).next_power_of_two();
    let mut buckets: Vec<Vec<u8>> = vec![Vec::new(); count];
    for (key, row) in rows {
        let source = u16::try_from(*sources.get(&row.source).ok_or("a source without a name")?)?;
        let kind = KINDS.iter().position(|kind| *kind == row.kind).ok_or("a kind without a number")?;
        let bucket = buckets.get_mut(hash::bucket(hash::of(key), count)).ok_or("no such bucket")?;
        bucket.push(u8::try_from(key.len())?);
        bucket.push(u8::try_from(kind)? | if row.exact { hash::EXACT } else { 0 });
        bucket.extend_from_slice(&source.to_le_bytes());
        bucket.extend_from_slice(key.as_bytes());
    }
    let mut starts = vec![0];
    for bucket in &buckets {
        starts.push(starts.last().copied().unwrap_or(0) + u16::try_from(bucket.len())?);
    }
    let records = buckets.concat();
    writeln!(
        code,
        "static {name}: Table = Table {{ starts: &{starts:?}, records: b\"{}\" }};",
        records.escape_ascii()
    )?;
    Ok(())
}

/// Writes the patterns with a path: hosts where only that path belongs to a source.
fn write_paths(code: &mut String, rows: &BTreeMap<String, Row>, sources: &BTreeMap<String, usize>) -> Result<()> {
    writeln!(code, "static PATHS: &[PathRow] = &[")?;
    for (key, Row { source, kind, .. }) in rows {
        let (pattern, prefix) = key.split_once('/').ok_or("a path without a slash")?;
        let (host, any_country) = pattern.strip_suffix(".*").map_or((pattern, false), |stem| (stem, true));
        let source = sources.get(source).ok_or("a source without a name")?;
        writeln!(
            code,
            "PathRow {{ host: {host:?}, any_country: {any_country}, prefix: {prefix:?}, \
             source: {source}, kind: Kind::{kind} }},"
        )?;
    }
    writeln!(code, "];")?;
    Ok(())
}

fn click_ids(folder: &Path) -> Result<String> {
    let mut code = String::from(
        "/// The click ids in lookup order.\n\
         pub static CLICK_IDS: &[ClickId] = &[\n",
    );
    let mut count = 0;
    for (line, [name, source, kind, contradiction, family, origin]) in rows::<6>(&folder.join("click-ids.tsv"))? {
        let kind = kind_of(&kind).ok_or_else(|| format!("click-ids.tsv:{line}: unknown kind {kind}"))?;
        let by_referrer = match contradiction.as_str() {
            "brand" => true,
            "tag" => false,
            other => return Err(format!("click-ids.tsv:{line}: unknown contradiction {other}").into()),
        };
        let family: Vec<&str> = family.split(' ').collect();
        writeln!(
            code,
            "ClickId {{ name: {name:?}, source: {source:?}, kind: Kind::{kind}, \
             contradicted_by_referrer: {by_referrer}, family: &{family:?}, origin: {origin:?} }},"
        )?;
        count += 1;
    }
    if count > 32 {
        return Err("more than 32 click ids do not fit into the 32-bit set".into());
    }
    code.push_str("];\n");
    Ok(code)
}

fn kind_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "ai-assistant" => "Ai",
        "search" | "organic" => "Search",
        "social" => "Social",
        "video" => "Video",
        "shopping" => "Shopping",
        "email" => "Email",
        "referral" => "Site",
        "paid" => "Paid",
        "sms" | "push" => "Message",
        "direct" => "Direct",
        _ => return None,
    })
}

/// Reads the rows of a table with their line numbers. Each row must have exactly `N` columns.
fn rows<const N: usize>(path: &Path) -> Result<Vec<(usize, [String; N])>> {
    let text = fs::read_to_string(path)?;
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let columns: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let columns = columns.try_into().map_err(|found: Vec<String>| {
            format!("{}:{}: {} columns instead of {N}", path.display(), index + 1, found.len())
        })?;
        rows.push((index + 1, columns));
    }
    Ok(rows)
}
