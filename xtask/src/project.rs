//! `cargo xtask project create`: a project of its own, with its keys, on the local stack.

use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow};
use clap::Subcommand;
use headwater::key::Env;
use serde_json::json;

use crate::control::{ControlPlane, ProjectSettings};
use crate::dev_file::DevFile;
use crate::secrets::Secrets;
use crate::seed::{DEMO, one_of_each};
use crate::state::StateArg;

/// What to do with projects.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a project and one key of each kind, and prints them as JSON.
    Create(Create),
}

/// Arguments of `project create`.
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// Short name: a-z, 0-9 and hyphens.
    slug: String,
    /// Slug of the organization; made if it does not exist.
    #[arg(long, default_value = DEMO)]
    organization: String,
    /// Data set that the keys open: live or test.
    #[arg(long, default_value = "live")]
    env: String,
    #[command(flatten)]
    state: StateArg,
    #[command(flatten)]
    settings: ProjectSettings,
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    let Command::Create(args) = command;
    let state = args.state.open()?;
    let dev: DevFile = state.read("dev.json")?.context("nothing runs here: start it with `cargo xtask up`")?;
    let secrets = Secrets::of(&state)?;
    let control = ControlPlane::new(&dev.stores.postgrest_url, &dev.stores.supabase_secret_key, &secrets.key_pepper);
    let env = Env::parse(&args.env).ok_or_else(|| anyhow!("--env is live or test"))?;
    control.organization(&args.organization, &args.organization)?;
    let project = control.project(&args.organization, &args.slug, &args.slug, &args.settings)?;
    let keys = one_of_each(&control, &args.organization, &args.slug, env)?;
    println!("{}", json!({ "project_id": project["id"], "slug": args.slug, "keys": keys }));
    Ok(ExitCode::SUCCESS)
}
