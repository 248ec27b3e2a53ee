//! The deployment to check: the settings that its Worker has.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result, bail};
use headwater::config::{Config, SETTINGS};

use super::Args;
use super::report::Finding;
use crate::control::ControlPlane;
use crate::dev_file::DevFile;
use crate::event_store::EventStore;
use crate::secrets::Secrets;
use crate::{tls, workspace};

const CHECK: &str = "configuration";

/// Which of the Worker's three users of ClickHouse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Insert,
    Read,
    Maintain,
}

impl Role {
    pub(super) const ALL: [Self; 3] = [Self::Insert, Self::Read, Self::Maintain];

    /// The name within the settings: `CLICKHOUSE_INSERT_USER`.
    pub(super) fn setting(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Read => "READ",
            Self::Maintain => "MAINTAIN",
        }
    }
}

/// Settings, and where else to look.
pub(super) struct Deployment {
    /// Where the settings come from.
    source: String,
    values: BTreeMap<String, String>,
    /// Whether it is the local stack, whose engine does not limit its users.
    pub(super) is_local: bool,
    pub(super) worker_url: Option<String>,
    pub(super) postgres_url: Option<String>,
}

impl Deployment {
    /// Finds the settings, or the finding that there are none.
    pub(super) fn find(args: &Args) -> Result<Result<Self, Finding>> {
        let environment = SETTINGS.iter().filter_map(|one| Some((one.name.to_owned(), std::env::var(one.name).ok()?)));
        let environment: BTreeMap<_, _> = environment.collect();
        let of = |source: String, values| Self {
            source,
            values,
            is_local: false,
            worker_url: args.worker_url.clone(),
            postgres_url: args.supabase_db_url.clone(),
        };
        if let Some(path) = &args.env_file {
            let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            return Ok(Ok(of(path.display().to_string(), parse(&text)?)));
        }
        if ["CLICKHOUSE_URL", "SUPABASE_URL"].iter().any(|name| environment.contains_key(*name)) {
            return Ok(Ok(of("the environment".to_owned(), environment)));
        }
        let state = args.state.open()?;
        let Some(dev): Option<DevFile> = state.read("dev.json")? else {
            return Ok(Err(Finding::failed(
                CHECK,
                format!("no settings, and no local stack runs in {}", workspace::shown(state.dir())),
                "give the Worker's settings in the environment or with --env-file, or start `cargo xtask up`",
            )));
        };
        let secrets = Secrets::of(&state)?;
        let values = dev.stores.worker_settings(&secrets);
        let values = values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let worker_url = Some(dev.worker_url.clone()).filter(|url| !url.is_empty());
        Ok(Ok(Self {
            source: format!("the local stack in {}", workspace::shown(state.dir())),
            values,
            is_local: true,
            worker_url: args.worker_url.clone().or(worker_url),
            postgres_url: args.supabase_db_url.clone().or_else(|| Some(dev.stores.postgres_url.clone())),
        }))
    }

    /// Fails where an address needs TLS and this build has none.
    pub(super) fn check_addresses(&self) -> Result<()> {
        let settings = ["CLICKHOUSE_URL", "SUPABASE_URL"].map(|name| self.get(name));
        tls::check(settings.into_iter().chain([self.worker_url.as_deref(), self.postgres_url.as_deref()]))?;
        Ok(())
    }

    /// Whether the Worker would accept the settings.
    pub(super) fn configuration(&self) -> Finding {
        let Err(names) = Config::read(|name| self.values.get(name).cloned()) else {
            return Finding::ok(CHECK, format!("complete, from {}", self.source));
        };
        let secret = |name: &str| SETTINGS.iter().any(|one| one.name == name && one.secret);
        let fixes = names.iter().map(|name| {
            if secret(name) {
                format!("npx wrangler secret put {name}")
            } else {
                format!("{name} in [vars] of wrangler.toml")
            }
        });
        let fixes: Vec<String> = fixes.collect();
        let message = format!("missing or invalid in {}: {}", self.source, names.join(", "));
        Finding::failed(CHECK, message, format!("set {}", fixes.join(", ")))
    }

    /// A setting that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The control plane, if its settings are there.
    pub(super) fn control_plane(&self) -> Option<Result<ControlPlane>> {
        Some(ControlPlane::new(self.get("SUPABASE_URL")?, self.get("SUPABASE_SECRET_KEY")?, ""))
    }

    /// The event store as one of its users, if its settings are there.
    pub(super) fn event_store(&self, role: Role) -> Option<Result<EventStore>> {
        let setting = |part: &str| format!("CLICKHOUSE_{}_{part}", role.setting());
        let (url, user) = (self.get("CLICKHOUSE_URL")?, self.get(&setting("USER"))?);
        let password = self.get(&setting("PASSWORD")).unwrap_or_default();
        Some(EventStore::new(url, self.get("CLICKHOUSE_DATABASE").unwrap_or("headwater"), user, password))
    }
}

/// Reads `NAME=value` lines. Values may be quoted; `\$` in them is a dollar, as in wrangler's `.dev.vars`.
fn parse(text: &str) -> Result<BTreeMap<String, String>> {
    let mut values = BTreeMap::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        // The line itself is not shown: it may be a secret.
        let Some((name, value)) = line.split_once('=') else { bail!("line {number} of the file is not NAME=value") };
        let value = value.trim();
        let inside = ['\'', '"'].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        values.insert(name.trim().to_owned(), inside.unwrap_or(value).replace("\\$", "$"));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(text: &str) -> Deployment {
        let values = parse(text).unwrap();
        Deployment { source: "a file".to_owned(), values, is_local: false, worker_url: None, postgres_url: None }
    }

    #[test]
    fn a_file_of_settings_is_read() {
        let values = parse("# a comment\n\nA=1\nexport B = 'x\\$y'\nC=\"\"\n").unwrap();
        let found: Vec<_> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(found, ["A=1", "B=x$y", "C="]);
        let error = parse("A=1\nsk_live_secret").unwrap_err().to_string();
        assert!(error.contains("line 2") && !error.contains("secret"), "{error}");
    }

    #[test]
    fn missing_settings_are_named_with_where_they_belong() {
        let finding = deployment("CLICKHOUSE_URL=http://127.0.0.1:1").configuration();
        assert!(finding.message.contains("SUPABASE_URL") && !finding.message.contains("CLICKHOUSE_URL"));
        let fix = finding.fix.unwrap();
        assert!(fix.contains("SUPABASE_URL in [vars]") && fix.contains("wrangler secret put KEY_PEPPER"), "{fix}");
    }

    #[test]
    fn a_store_needs_its_address_and_a_user() {
        let none = deployment("CLICKHOUSE_URL=http://127.0.0.1:1");
        assert!(none.event_store(Role::Read).is_none() && none.control_plane().is_none());
        let some = deployment("CLICKHOUSE_URL=nowhere\nCLICKHOUSE_READ_USER=read");
        assert!(some.event_store(Role::Read).unwrap().is_err());
    }
}
