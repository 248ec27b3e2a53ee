//! `cargo xtask org`: organizations, their plan and their members.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

use crate::control::{Target, operator, print_lines};

/// What to do with organizations.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes an organization, or finds it.
    Create {
        /// Short name: a-z, 0-9 and hyphens.
        slug: String,
        /// What people read; the slug if not given.
        #[arg(long)]
        name: Option<String>,
        /// Its plan: free, unlimited, or one of your own.
        #[arg(long)]
        plan: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Prints all organizations, one JSON object a line.
    List {
        #[command(flatten)]
        target: Target,
    },
    /// Puts an organization on another plan.
    Plan {
        /// The organization's slug.
        slug: String,
        /// The plan's slug.
        plan: String,
        #[command(flatten)]
        target: Target,
    },
    /// Puts a user who has signed up into an organization, or gives them another role there.
    Member {
        /// The organization's slug.
        slug: String,
        /// With which the user signed up.
        email: String,
        /// owner, admin, member or viewer.
        #[arg(long, default_value = "member")]
        role: String,
        #[command(flatten)]
        target: Target,
    },
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    let set_plan = |slug: &str, plan: &str, target: &Target| {
        let arguments = json!({ "actor": operator(Some(slug)), "input": { "plan": plan } });
        target.open()?.call("manage_organization_update", &arguments)
    };
    match command {
        Command::Create { slug, name, plan, target } => {
            let mut made = target.open()?.organization(slug, name.as_deref().unwrap_or(slug))?;
            if let Some(plan) = plan {
                made["plan"] = set_plan(slug, plan, target)?["plan"].take();
            }
            println!("{made}");
        }
        Command::List { target } => {
            let arguments = json!({ "actor": operator(None) });
            print_lines(&target.open()?.call("manage_organizations", &arguments)?);
        }
        Command::Plan { slug, plan, target } => println!("{}", set_plan(slug, plan, target)?),
        Command::Member { slug, email, role, target } => {
            let arguments = json!({ "organization": slug, "email": email, "role": role });
            println!("{}", target.open()?.call("member_add", &arguments)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}
