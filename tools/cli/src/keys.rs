//! `cargo xtask keys`: API keys. A secret is printed once, when it is made, and never again.

use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Subcommand;
use intake::key::{Env, Kind};
use serde_json::{Value, json};

use crate::control::{ControlPlane, Target, operator, print_lines};
use crate::demo::DEMO;
use crate::project;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a key and prints it, the only time that its secret is shown.
    Create(Box<Create>),
    /// Prints the keys of an organization or a project without their secrets, one JSON object a line.
    List {
        /// Slug of the organization.
        #[arg(long, default_value = DEMO)]
        organization: String,
        /// Slug of the project; all keys of the organization if not given.
        #[arg(long)]
        project: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Makes a successor with the same settings; the old key ends after the overlap.
    Rotate {
        /// The key's prefix (8 characters), or `sk_live_<prefix>_…` as it is shown.
        prefix: String,
        /// How long the old key still works: 90s, 30m, 24h or 30d at most.
        #[arg(long, default_value = "24h", value_parser = seconds)]
        overlap: u64,
        #[command(flatten)]
        target: Target,
    },
    /// Withdraws a key for good.
    Revoke {
        /// The key's prefix (8 characters), or `sk_live_<prefix>_…` as it is shown.
        prefix: String,
        #[command(flatten)]
        target: Target,
    },
}

/// Arguments of `keys create`.
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// Slug of the organization.
    #[arg(long, default_value = DEMO)]
    organization: String,
    /// Slug of the project; account keys have none.
    #[arg(long)]
    project: Option<String>,
    /// pk (browser), sk (server), rk (read-only) or ak (account).
    #[arg(long)]
    kind: String,
    /// Data set that the key opens: live or test.
    #[arg(long, default_value = "live")]
    env: String,
    /// What the key is for.
    #[arg(long, default_value = "")]
    name: String,
    /// ingest, read, admin: what the key may do within its kind; all but admin if not given.
    #[arg(long, value_delimiter = ',')]
    scopes: Vec<String>,
    /// Origins whose pages may use it: `https://example.com`, `https://*.example.com`, `http://localhost:*`.
    #[arg(long, value_delimiter = ',')]
    origins: Vec<String>,
    /// When it ends, as ISO 8601; never if not given.
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
    #[command(flatten)]
    target: Target,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Create(args) => create(args)?,
        Command::List { organization, project, target } => {
            let control = target.open()?;
            let project = project.as_deref().map(|slug| project::find(&control, organization, slug)).transpose()?;
            let arguments = json!({ "actor": operator(Some(organization)), "project_id": project });
            print_lines(&control.call("manage_keys", &arguments)?);
        }
        Command::Rotate { prefix, overlap, target } => {
            let control = target.open()?;
            let key = find(&control, prefix)?;
            let (draft, hash) = control.draft(key.kind, key.env)?;
            let arguments = json!({
                "actor": operator(None), "key_id": key.id, "prefix": draft.prefix(), "secret_hash": hash,
                "overlap_seconds": overlap,
            });
            let mut answer = control.call("manage_key_rotate", &arguments)?;
            let replaced = answer["replaced"].take();
            print_made(answer["key"].take(), draft.reveal(), Some(&replaced));
        }
        Command::Revoke { prefix, target } => {
            let control = target.open()?;
            let arguments = json!({ "actor": operator(None), "key_id": find(&control, prefix)?.id });
            println!("{}", control.call("manage_key_revoke", &arguments)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn create(args: &Create) -> Result<()> {
    let kind = Kind::parse(&args.kind).ok_or_else(|| anyhow!("--kind is pk, sk, rk or ak"))?;
    let env = Env::parse(&args.env).ok_or_else(|| anyhow!("--env is live or test"))?;
    let control = args.target.open()?;
    let project = match (&args.project, kind) {
        (Some(_), Kind::Account) => bail!("an account key is for all projects: leave --project out"),
        (Some(slug), _) => Some(project::find(&control, &args.organization, slug)?),
        (None, Kind::Account) => None,
        (None, _) => bail!("whose key? name the project with --project"),
    };
    let (draft, hash) = control.draft(kind, env)?;
    let input = json!({
        "prefix": draft.prefix(), "secret_hash": hash, "kind": kind.as_str(), "env": env.as_str(),
        "project_id": project, "name": args.name, "allowed_origins": args.origins, "expires_at": args.expires,
        "scopes": (!args.scopes.is_empty()).then_some(&args.scopes),
    });
    let arguments = json!({ "actor": operator(Some(&args.organization)), "input": input });
    print_made(control.call("manage_key_create", &arguments)?, draft.reveal(), None);
    Ok(())
}

fn print_made(mut key: Value, whole: &str, replaced: Option<&Value>) {
    key["key"] = json!(whole);
    if let Some(replaced) = replaced {
        key["replaced"] = replaced.clone();
    }
    println!("{key}");
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

/// The prefix out of what people have at hand: itself, or a key with or without its secret.
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
        _ => bail!("a time is written as 90s, 30m, 24h or 7d"),
    };
    let number: u64 = number.parse().context("a time is written as 90s, 30m, 24h or 7d")?;
    number.checked_mul(factor).filter(|seconds| *seconds <= 30 * 86400).context("30 days are the most")
}

#[cfg(test)]
mod tests {
    use super::{prefix_of, seconds};

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
