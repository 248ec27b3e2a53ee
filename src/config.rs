//! The configuration: variables and secrets of the Worker, read once per instance.

use std::time::Duration;

use crate::auth::Peppers;
use crate::store::{ClickHouse, Credentials, PostgRest};
use intake::time::Day;
use intake::visitor::VisitorSecrets;

/// One variable or secret; the README's table is checked against this list.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its name in `wrangler.toml` or `wrangler secret put`.
    pub name: &'static str,
    /// Whether the Worker needs it.
    pub required: bool,
    /// Whether it is a secret (`wrangler secret put`).
    pub secret: bool,
    /// What it is for.
    pub about: &'static str,
}

const fn setting(name: &'static str, required: bool, secret: bool, about: &'static str) -> Setting {
    Setting { name, required, secret, about }
}

/// All settings, in the order of the documents.
pub const SETTINGS: &[Setting] = &[
    setting("CLICKHOUSE_URL", true, false, "Address of ClickHouse's HTTP interface"),
    setting("CLICKHOUSE_DATABASE", false, false, "Database of the event tables (`headwater`)"),
    setting("CLICKHOUSE_INSERT_USER", true, false, "User that may insert"),
    setting("CLICKHOUSE_INSERT_PASSWORD", true, true, "Its password"),
    setting("CLICKHOUSE_READ_USER", true, false, "User that may select; its settings profile sets limits"),
    setting("CLICKHOUSE_READ_PASSWORD", true, true, "Its password"),
    setting("CLICKHOUSE_MAINTAIN_USER", false, false, "User that may also delete; computes the rollups"),
    setting("CLICKHOUSE_MAINTAIN_PASSWORD", false, true, "Its password"),
    setting("SUPABASE_URL", true, false, "Address of the Supabase project"),
    setting("SUPABASE_SECRET_KEY", true, true, "`sb_secret_…` key, or the older service-role JWT"),
    setting(
        "SUPABASE_JWT_SECRET",
        false,
        true,
        "Signs the tokens of signed-in users (HS256), for the management routes",
    ),
    setting("KEY_PEPPER", true, true, "Mixed into the hashes of API keys; 32 random bytes"),
    setting("KEY_PEPPER_PREVIOUS", false, true, "The previous pepper, until all keys are hashed again"),
    setting("VISITOR_SECRET", true, true, "The Worker's half of each day's visitor key; 32 random bytes"),
    setting("VISITOR_SECRET_SINCE", false, false, "First UTC day of a new `VISITOR_SECRET`, like `2026-11-23`"),
    setting("VISITOR_SECRET_PREVIOUS", false, true, "The previous secret, for earlier days"),
    setting(
        "INTERNAL_SECRET",
        false,
        true,
        "Allows `POST /internal/retention/run`; without it the route does not exist",
    ),
    setting(
        "MCP_ALLOWED_ORIGINS",
        false,
        false,
        "Origins of pages that may use `/mcp`, separated by commas; without it, only requests without `Origin` are accepted",
    ),
    setting(
        "PROXY_SECRET",
        false,
        true,
        "Shared with your own proxies, which send the visitor's address (docs/install.md)",
    ),
    setting("INGEST_SINK", false, false, "Where an acknowledged event is stored: `buffer` (the default) or `direct`"),
    setting("BUFFER_SHARDS", false, false, "Buffer objects per continent, 1 to 64 (`1`)"),
    setting("BUFFER_FLUSH_MS", false, false, "Milliseconds that events wait, to be written together (`500`)"),
    setting("BUFFER_MAX_MIB", false, false, "Maximum size of one buffer object, in MiB (`1024`)"),
];

/// The settings, checked.
#[derive(Clone)]
pub struct Config {
    /// The event store.
    pub clickhouse: ClickHouse,
    /// The control plane.
    pub control_plane: PostgRest,
    /// For key hashes.
    pub peppers: Peppers,
    /// For tokens of signed-in users; `None`: only account keys manage.
    pub jwt_secret: Option<String>,
    /// For day keys.
    pub visitor_secrets: VisitorSecrets,
    /// For internal routes; `None`: they do not exist.
    pub internal_secret: Option<String>,
    /// For proxies that send the visitor's address; `None`: none is trusted.
    pub proxy_secret: Option<String>,
    /// Origins of pages that may use the MCP endpoints.
    pub mcp_origins: Vec<String>,
    /// Where events go.
    pub sink: Sink,
    /// Settings of the buffer.
    pub buffer: Buffering,
}

/// Where an acknowledged event is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sink {
    /// In the buffer, which writes it to the event store. Works while the store is down.
    Buffer,
    /// In the event store.
    Direct,
}

/// Settings of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffering {
    /// Objects per continent.
    pub shards: u32,
    /// How long rows wait for others, to be written together.
    pub gather: Duration,
    /// Maximum number of bytes waiting in one object.
    pub max_bytes: u64,
}

impl Config {
    /// Parses all settings. `get` returns the value of a variable.
    ///
    /// # Errors
    /// The names of the settings that are missing or invalid.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<&'static str>> {
        let present = |name: &str| get(name).filter(|value| !value.is_empty());
        let missing: Vec<&'static str> = SETTINGS
            .iter()
            // A password may be empty, but the variable must exist.
            .filter(|one| {
                one.required
                    && if one.name.ends_with("_PASSWORD") { get(one.name) } else { present(one.name) }.is_none()
            })
            .map(|one| one.name)
            .collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        let text = |name: &str| get(name).unwrap_or_default();
        let user = |user: &str, password: &str| Credentials { user: text(user), password: text(password) };
        let clickhouse = ClickHouse::new(
            &text("CLICKHOUSE_URL"),
            &present("CLICKHOUSE_DATABASE").unwrap_or_else(|| "headwater".to_owned()),
            user("CLICKHOUSE_INSERT_USER", "CLICKHOUSE_INSERT_PASSWORD"),
            user("CLICKHOUSE_READ_USER", "CLICKHOUSE_READ_PASSWORD"),
        )
        .ok_or_else(|| vec!["CLICKHOUSE_URL"])?;
        let clickhouse = match present("CLICKHOUSE_MAINTAIN_USER") {
            Some(_) => clickhouse.maintained_by(user("CLICKHOUSE_MAINTAIN_USER", "CLICKHOUSE_MAINTAIN_PASSWORD")),
            None => clickhouse,
        };
        let sink = match get("INGEST_SINK").as_deref() {
            None | Some("" | "buffer") => Sink::Buffer,
            Some("direct") => Sink::Direct,
            Some(_) => return Err(vec!["INGEST_SINK"]),
        };
        let number = |name: &'static str, default: u32, range: std::ops::RangeInclusive<u32>| match present(name) {
            None => Ok(default),
            Some(text) => text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| vec![name]),
        };
        let buffer = Buffering {
            shards: number("BUFFER_SHARDS", 1, 1..=64)?,
            gather: Duration::from_millis(number("BUFFER_FLUSH_MS", 500, 0..=60_000)?.into()),
            max_bytes: u64::from(number("BUFFER_MAX_MIB", 1024, 1..=8192)?) * 1024 * 1024,
        };
        let previous = match (present("VISITOR_SECRET_PREVIOUS"), present("VISITOR_SECRET_SINCE")) {
            (None, None) => None,
            // Without the date, two secrets would be used on one day.
            (None, Some(_)) => return Err(vec!["VISITOR_SECRET_PREVIOUS"]),
            (Some(secret), since) => {
                let since = since.as_deref().and_then(Day::parse).ok_or_else(|| vec!["VISITOR_SECRET_SINCE"])?;
                Some((secret, since))
            }
        };
        let visitor_secrets = VisitorSecrets { current: text("VISITOR_SECRET"), previous };
        let control_plane =
            PostgRest::new(&text("SUPABASE_URL"), &text("SUPABASE_SECRET_KEY")).ok_or_else(|| vec!["SUPABASE_URL"])?;
        Ok(Self {
            clickhouse,
            control_plane,
            peppers: Peppers { current: text("KEY_PEPPER"), previous: present("KEY_PEPPER_PREVIOUS") },
            jwt_secret: present("SUPABASE_JWT_SECRET"),
            visitor_secrets,
            internal_secret: present("INTERNAL_SECRET"),
            proxy_secret: present("PROXY_SECRET"),
            mcp_origins: text("MCP_ALLOWED_ORIGINS")
                .split(',')
                .map(|one| one.trim().to_owned())
                .filter(|one| !one.is_empty())
                .collect(),
            sink,
            buffer,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_lists_every_setting() {
        let readme = include_str!("../README.md");
        for one in SETTINGS {
            let kind = if one.secret { "secret" } else { "variable" };
            let optional = if one.required { "" } else { ", optional" };
            let row = format!("| `{}` | {kind}{optional} | {} |", one.name, one.about);
            assert!(readme.contains(&row), "README.md lacks this row:\n{row}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(Config::read(|_| None).err().unwrap().len(), SETTINGS.iter().filter(|one| one.required).count());
        let all = |name: &str| {
            let required = SETTINGS.iter().any(|one| one.required && one.name == name);
            required.then(|| if name.ends_with("_URL") { "http://localhost:1" } else { "x" }.to_owned())
        };
        assert!(Config::read(all).is_ok());
        let sink = |sink: &'static str| {
            Config::read(move |name| if name == "INGEST_SINK" { Some(sink.into()) } else { all(name) })
        };
        assert_eq!(sink("direct").unwrap().sink, Sink::Direct);
        assert_eq!(sink("").unwrap().sink, Sink::Buffer);
        assert_eq!(sink("queue").err(), Some(vec!["INGEST_SINK"]));
        let origins = |name: &str| {
            if name == "MCP_ALLOWED_ORIGINS" { Some("https://a.example, https://b.example".into()) } else { all(name) }
        };
        assert_eq!(Config::read(origins).unwrap().mcp_origins, ["https://a.example", "https://b.example"]);
        let secret = |since: Option<&'static str>| {
            Config::read(move |name| match name {
                "VISITOR_SECRET_PREVIOUS" => Some("old".into()),
                "VISITOR_SECRET_SINCE" => since.map(Into::into),
                _ => all(name),
            })
        };
        assert_eq!(secret(Some("2026-11-23")).unwrap().visitor_secrets.previous.unwrap().1.to_iso(), "2026-11-23");
        assert_eq!(secret(None).err(), Some(vec!["VISITOR_SECRET_SINCE"]));
        assert_eq!(secret(Some("tomorrow")).err(), Some(vec!["VISITOR_SECRET_SINCE"]));
        let missing = Config::read(|name| all(name).filter(|_| name != "KEY_PEPPER")).err();
        assert_eq!(missing, Some(vec!["KEY_PEPPER"]));
        let broken = Config::read(|name| if name == "SUPABASE_URL" { Some("nowhere".into()) } else { all(name) }).err();
        assert_eq!(broken, Some(vec!["SUPABASE_URL"]));
    }
}
