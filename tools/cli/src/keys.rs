//! `headwater keys`: API keys. A secret is printed once, when the key is created.

use std::collections::HashMap;
use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Subcommand;
use intake::key::{Env, Kind};
use intake::time::Timestamp;
use serde_json::{Value, json};

use crate::control::{ControlPlane, DEMO, Target, operator};
use crate::format::{Format, day, now, text};
use crate::project;
use crate::table::Table;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a key and print it; its secret is not shown again.
    Create(Box<Create>),
    /// List the keys of an organization or a project, without their secrets.
    List {
        /// Slug of the organization.
        #[arg(long, default_value = DEMO)]
        organization: String,
        /// Slug of the project; all keys of the organization if not given.
        #[arg(long)]
        project: Option<String>,
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        format: Format,
    },
    /// Create a successor with the same settings; the old key expires after the overlap.
    Rotate {
        /// The key's prefix (8 characters), or `sk_live_<prefix>_…` as it is shown.
        prefix: String,
        /// How long the old key still works: 90s, 30m, 24h, at most 30d.
        #[arg(long, default_value = "24h", value_parser = seconds)]
        overlap: u64,
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        format: Format,
    },
    /// Revoke a key permanently.
    Revoke {
        /// The key's prefix (8 characters), or `sk_live_<prefix>_…` as it is shown.
        prefix: String,
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        format: Format,
    },
}

/// Arguments of `keys create`.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// Slug of the organization.
    #[arg(long, default_value = DEMO)]
    organization: String,
    /// Slug of the project; account keys have none.
    #[arg(long)]
    project: Option<String>,
    /// pk (browser), sk (server), rk (read-only) or ak (account).
    #[arg(long)]
    kind: String,
    /// The data that the key gives access to: live or test.
    #[arg(long, default_value = "live")]
    env: String,
    /// What the key is for.
    #[arg(long, default_value = "")]
    name: String,
    /// Scopes within the kind: ingest, read, admin. All except admin if not given.
    #[arg(long, value_delimiter = ',')]
    scopes: Vec<String>,
    /// Origins of the pages that may use it: `https://example.com`, `https://*.example.com`, `http://localhost:*`.
    #[arg(long, value_delimiter = ',')]
    origins: Vec<String>,
    /// When it expires, as ISO 8601; never if not given.
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    format: Format,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Create(args) => create(args)?,
        Command::List { organization, project, target, format } => {
            let control = target.open()?;
            let project = project.as_deref().map(|slug| project::find(&control, organization, slug)).transpose()?;
            let arguments = json!({ "actor": operator(Some(organization)), "project_id": project });
            let keys = control.call("manage_keys", &arguments)?;
            let slugs = if format.json { HashMap::new() } else { slugs(&control, organization)? };
            let empty = "No keys yet. Create one: headwater keys create --kind sk --project <SLUG>";
            format.list(&keys, |keys| table(keys, &slugs, now()), empty);
        }
        Command::Rotate { prefix, overlap, target, format } => {
            let control = target.open()?;
            let key = find(&control, prefix)?;
            let (draft, hash) = control.draft(key.kind, key.env)?;
            let arguments = json!({
                "actor": operator(None), "key_id": key.id, "prefix": draft.prefix(), "secret_hash": hash,
                "overlap_seconds": overlap,
            });
            let mut answer = control.call("manage_key_rotate", &arguments)?;
            let replaced = answer["replaced"].take();
            print_created(*format, answer["key"].take(), draft.reveal(), Some(&replaced));
        }
        Command::Revoke { prefix, target, format } => {
            let control = target.open()?;
            let arguments = json!({ "actor": operator(None), "key_id": find(&control, prefix)?.id });
            let revoked = control.call("manage_key_revoke", &arguments)?;
            format.show(&revoked, |key| println!("Key {} revoked.", text(key, "redacted")));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn create(args: &Create) -> Result<()> {
    let kind = Kind::parse(&args.kind).ok_or_else(|| anyhow!("--kind must be pk, sk, rk or ak"))?;
    let env = Env::parse(&args.env).ok_or_else(|| anyhow!("--env must be live or test"))?;
    let control = args.target.open()?;
    let project = match (&args.project, kind) {
        (Some(_), Kind::Account) => bail!("an account key is not bound to a project: remove --project"),
        (Some(slug), _) => Some(project::find(&control, &args.organization, slug)?),
        (None, Kind::Account) => None,
        (None, _) => bail!("this kind of key belongs to a project: name it with --project"),
    };
    let (draft, hash) = control.draft(kind, env)?;
    let input = json!({
        "prefix": draft.prefix(), "secret_hash": hash, "kind": kind.as_str(), "env": env.as_str(),
        "project_id": project, "name": args.name, "allowed_origins": args.origins, "expires_at": args.expires,
        "scopes": (!args.scopes.is_empty()).then_some(&args.scopes),
    });
    let arguments = json!({ "actor": operator(Some(&args.organization)), "input": input });
    print_created(args.format, control.call("manage_key_create", &arguments)?, draft.reveal(), None);
    Ok(())
}

/// The key alone goes to standard output, so that `KEY=$(headwater keys create …)` works.
fn print_created(format: Format, mut key: Value, whole: &str, replaced: Option<&Value>) {
    key["key"] = json!(whole);
    if let Some(replaced) = replaced {
        key["replaced"] = replaced.clone();
    }
    format.show(&key, |key| {
        println!("{whole}");
        eprintln!("Store the key now, it is not shown again. Its scopes: {}.", list(key, "scopes"));
        if let Some(old) = replaced {
            eprintln!("It replaces {}, which works until {}.", text(old, "redacted"), text(old, "expires_at"));
        }
    });
}

fn table(keys: &[Value], slugs: &HashMap<String, String>, now: Timestamp) -> Table {
    let mut table = Table::new(["KEY", "NAME", "PROJECT", "SCOPES", "STATUS", "EXPIRES", "LAST USED"]);
    for key in keys {
        let id = text(key, "project_id");
        let project = slugs.get(&id).cloned().unwrap_or(id);
        let [redacted, name] = ["redacted", "name"].map(|field| text(key, field));
        let [expires, used] = ["expires_at", "last_used_at"].map(|field| day(key, field));
        table.row([redacted, name, project, list(key, "scopes"), status(key, now).to_owned(), expires, used]);
    }
    table
}

fn status(key: &Value, now: Timestamp) -> &'static str {
    if !key["revoked_at"].is_null() {
        return "revoked";
    }
    match key["expires_at"].as_str().and_then(Timestamp::parse_iso) {
        Some(end) if end <= now => "expired",
        _ => "active",
    }
}

fn list(value: &Value, field: &str) -> String {
    let items = value[field].as_array().into_iter().flatten().filter_map(Value::as_str);
    items.collect::<Vec<_>>().join(",")
}

/// Slugs of an organization's projects by id.
fn slugs(control: &ControlPlane, organization: &str) -> Result<HashMap<String, String>> {
    let projects = control.projects(Some(organization), None)?;
    Ok(projects.iter().map(|project| (text(project, "id"), text(project, "slug"))).collect())
}

/// A stored key, as far as the commands need it.
struct Found {
    id: String,
    kind: Kind,
    env: Env,
}

fn find(control: &ControlPlane, text: &str) -> Result<Found> {
    let prefix = prefix_of(text);
    let answer = control.call("key_lookup", &json!({ "key_prefix": prefix }))?;
    let key = &answer["key"];
    let text = |field: &str| key[field].as_str().unwrap_or_default();
    match (Kind::parse(text("kind")), Env::parse(text("env"))) {
        (Some(kind), Some(env)) => Ok(Found { id: text("id").to_owned(), kind, env }),
        _ => bail!("there is no key with the prefix \"{prefix}\""),
    }
}

/// The prefix of a key: from the prefix itself, or from a key with or without its secret.
fn prefix_of(text: &str) -> &str {
    text.split('_').nth(2).unwrap_or(text)
}

fn seconds(text: &str) -> Result<u64> {
    let (number, unit) = text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86400,
        _ => bail!("write a duration like 90s, 30m, 24h or 7d"),
    };
    let number: u64 = number.parse().context("write a duration like 90s, 30m, 24h or 7d")?;
    number.checked_mul(factor).filter(|seconds| *seconds <= 30 * 86400).context("at most 30 days")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use intake::time::Timestamp;
    use serde_json::json;

    use super::{prefix_of, seconds, table};

    #[test]
    fn a_list_says_which_keys_still_work() {
        let key = |prefix: &str, expires: Option<&str>, revoked: Option<&str>| {
            json!({ "redacted": format!("sk_live_{prefix}_…"), "name": "", "project_id": "1", "scopes": ["ingest"],
                "expires_at": expires, "revoked_at": revoked, "last_used_at": null })
        };
        let keys = [
            key("aaaaaaaa", None, None),
            key("bbbbbbbb", Some("2026-11-01T00:00:00Z"), None),
            key("cccccccc", None, Some("2026-11-01T00:00:00Z")),
        ];
        let now = Timestamp::parse_iso("2026-12-01").unwrap();
        let slugs = HashMap::from([("1".to_owned(), "shop".to_owned())]);
        assert_eq!(
            table(&keys, &slugs, now).lines(),
            [
                "KEY                 NAME  PROJECT  SCOPES  STATUS   EXPIRES     LAST USED",
                "sk_live_aaaaaaaa_…  -     shop     ingest  active   -           -",
                "sk_live_bbbbbbbb_…  -     shop     ingest  expired  2026-11-01  -",
                "sk_live_cccccccc_…  -     shop     ingest  revoked  -           -",
            ]
        );
    }

    #[test]
    fn an_overlap_has_a_unit_and_an_end() {
        let good = ["0s", "90s", "30m", "24h", "30d"].map(|text| seconds(text).unwrap());
        assert_eq!(good, [0, 90, 1800, 86400, 2_592_000]);
        for bad in ["", "h", "24", "31d", "-1h", "1.5h", "1w", "99999999999999999999s", "é"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_prefix_is_found_in_what_people_have() {
        for text in ["abcd1234", "sk_live_abcd1234_…", "sk_live_abcd1234_secret"] {
            assert_eq!(prefix_of(text), "abcd1234");
        }
    }
}
