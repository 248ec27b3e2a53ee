//! `headwater org`: organizations, their plans and their members.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::control::{Target, operator};
use crate::format::{Format, day, text};
use crate::table::Table;

/// What to do with organizations.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create an organization; an existing one stays as it is.
    Create {
        /// Short name: a-z, 0-9 and hyphens.
        slug: String,
        /// Display name; the slug if not given.
        #[arg(long)]
        name: Option<String>,
        /// Its plan: free, unlimited, or one that you have defined.
        #[arg(long)]
        plan: Option<String>,
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        format: Format,
    },
    /// List all organizations.
    List {
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        format: Format,
    },
    /// Move an organization to another plan.
    Plan {
        /// The organization's slug.
        slug: String,
        /// The plan's slug.
        plan: String,
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        format: Format,
    },
    /// Add a signed-up user to an organization, or change their role.
    Member {
        /// The organization's slug.
        slug: String,
        /// The address with which the user signed up.
        email: String,
        /// owner, admin, member or viewer.
        #[arg(long, default_value = "member")]
        role: String,
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        format: Format,
    },
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    let set_plan = |slug: &str, plan: &str, target: &Target| {
        let arguments = json!({ "actor": operator(Some(slug)), "input": { "plan": plan } });
        target.open()?.call("manage_organization_update", &arguments)
    };
    match command {
        Command::Create { slug, name, plan, target, format } => {
            let mut made = target.open()?.organization(slug, name.as_deref().unwrap_or(slug))?;
            if let Some(plan) = plan {
                made["plan"] = set_plan(slug, plan, target)?["plan"].take();
            }
            format.show(&made, |made| {
                let done = if made["created"] == true { "created" } else { "exists already" };
                println!("Organization {slug} {done}.");
            });
        }
        Command::List { target, format } => {
            let list = target.open()?.call("manage_organizations", &json!({ "actor": operator(None) }))?;
            format.list(&list, table, "No organizations yet. Create one: headwater org create <SLUG>");
        }
        Command::Plan { slug, plan, target, format } => {
            let changed = set_plan(slug, plan, target)?;
            format.show(&changed, |changed| println!("Organization {slug} is on plan {}.", text(changed, "plan")));
        }
        Command::Member { slug, email, role, target, format } => {
            let arguments = json!({ "organization": slug, "email": email, "role": role });
            let member = target.open()?.call("member_add", &arguments)?;
            format.show(&member, |member| println!("{email} is {} of {slug}.", text(member, "role")));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn table(organizations: &[Value]) -> Table {
    let mut table = Table::new(["SLUG", "NAME", "PLAN", "CREATED"]);
    for one in organizations {
        table.row([text(one, "slug"), text(one, "name"), text(one, "plan"), day(one, "created_at")]);
    }
    table
}
