//! `cargo xtask project`: projects of the local stack or of a hosted deployment.

use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow};
use clap::Subcommand;
use intake::key::Env;
use serde_json::{Map, Value, json};

use crate::control::{ControlPlane, Target, operator, print_lines};
use crate::demo::{DEMO, one_of_each};

/// What to do with projects.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a project and prints it as JSON; on the local stack with one key of each kind.
    Create(Box<Create>),
    /// Prints the projects of an organization, one JSON object a line.
    List {
        /// Slug of the organization.
        #[arg(long, default_value = DEMO)]
        organization: String,
        #[command(flatten)]
        target: Target,
    },
    /// Changes settings of a project, its quota and limits among them.
    Update {
        /// The project's slug.
        slug: String,
        /// Slug of its organization.
        #[arg(long, default_value = DEMO)]
        organization: String,
        #[command(flatten)]
        settings: Box<Settings>,
        #[command(flatten)]
        target: Target,
    },
    /// Takes a project out of use: its keys open nothing any more, its data stays.
    Archive {
        /// The project's slug.
        slug: String,
        /// Slug of its organization.
        #[arg(long, default_value = DEMO)]
        organization: String,
        #[command(flatten)]
        target: Target,
    },
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
    target: Target,
    #[command(flatten)]
    settings: Settings,
}

/// Settings of a project; what is not given keeps its value.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Settings {
    /// What people read.
    #[arg(long)]
    name: Option<String>,
    /// IANA time zone of its reports.
    #[arg(long)]
    timezone: Option<String>,
    /// Days for which events are kept; for ever if not given.
    #[arg(long)]
    retention_days: Option<u32>,
    /// Events of people who ask not to be tracked: ignore (the wish), anonymous or drop.
    #[arg(long)]
    dnt_mode: Option<String>,
    /// How exactly places are stored: country, region or city.
    #[arg(long)]
    geo_level: Option<String>,
    /// An address or CIDR range whose traffic is not counted; may be repeated.
    #[arg(long = "exclude-ip", value_name = "RANGE")]
    excluded_ip_ranges: Vec<String>,
    /// A host that counts as the same site; may be repeated.
    #[arg(long = "internal-host", value_name = "HOST")]
    internal_hosts: Vec<String>,
    /// A query parameter kept in stored URLs, in place of the default ones; may be repeated.
    #[arg(long = "keep-param", value_name = "NAME")]
    kept_params: Vec<String>,
    /// The project's own classifier rules, as a JSON list.
    #[arg(long, value_name = "JSON")]
    classifier_rules: Option<String>,
    /// Events a month in place of the plan's; 0 is without end.
    #[arg(long)]
    quota_events: Option<u64>,
    /// Past the quota: soft (say so) or block.
    #[arg(long)]
    quota_mode: Option<String>,
    /// Events a second in place of the plan's; 0 is no limit.
    #[arg(long)]
    events_per_second: Option<u32>,
    /// Events at once in place of the plan's; 0 is no limit.
    #[arg(long)]
    burst: Option<u32>,
    /// No quota and no limits: for benches and fault tests.
    #[arg(long, conflicts_with_all = ["quota_events", "events_per_second", "burst"])]
    unlimited: bool,
}

impl Settings {
    /// No quota and no limits.
    pub(crate) fn unlimited() -> Self {
        Self { unlimited: true, ..Self::default() }
    }

    /// As the control plane takes them.
    fn to_json(&self) -> Result<Map<String, Value>> {
        let list = |items: &[String]| (!items.is_empty()).then(|| items.to_vec());
        let none = self.unlimited.then_some(0);
        let rules: Option<Value> = match &self.classifier_rules {
            Some(text) => Some(serde_json::from_str(text).context("--classifier-rules is no JSON")?),
            None => None,
        };
        let all = json!({
            "name": self.name, "timezone": self.timezone, "retention_days": self.retention_days,
            "dnt_mode": self.dnt_mode, "geo_level": self.geo_level,
            "excluded_ip_ranges": list(&self.excluded_ip_ranges), "internal_hosts": list(&self.internal_hosts),
            "kept_params": list(&self.kept_params), "classifier_rules": rules,
            "quota_events": self.quota_events.or(none.map(u64::from)), "quota_mode": self.quota_mode,
            "events_per_second": self.events_per_second.or(none), "burst": self.burst.or(none),
        });
        let Value::Object(all) = all else { return Ok(Map::new()) };
        Ok(all.into_iter().filter(|(_, value)| !value.is_null()).collect())
    }
}

/// Runs the command.
pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Create(args) => create(args)?,
        Command::List { organization, target } => print_lines(&list(&target.open()?, organization)?),
        Command::Update { slug, organization, settings, target } => {
            let control = target.open()?;
            let id = find(&control, organization, slug)?;
            println!("{}", update(&control, &id, settings)?);
        }
        Command::Archive { slug, organization, target } => {
            let control = target.open()?;
            let id = find(&control, organization, slug)?;
            let arguments = json!({ "actor": operator(None), "project_id": id });
            println!("{}", control.call("manage_project_archive", &arguments)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn create(args: &Create) -> Result<()> {
    let control = args.target.open()?;
    let env = Env::parse(&args.env).ok_or_else(|| anyhow!("--env is live or test"))?;
    control.organization(&args.organization, &args.organization)?;
    let id = ensure(&control, &args.organization, &args.slug, &args.settings)?;
    let mut made = json!({ "project_id": id, "slug": args.slug });
    // The keys are for pages on this machine; those of a deployment are made one by one.
    if !args.target.is_hosted() {
        made["keys"] = serde_json::to_value(one_of_each(&control, &args.organization, &args.slug, env)?)?;
    }
    println!("{made}");
    Ok(())
}

/// Makes a project, or finds it; the settings given hold either way. Its id.
pub(crate) fn ensure(control: &ControlPlane, organization: &str, slug: &str, settings: &Settings) -> Result<String> {
    let arguments = json!({
        "organization": organization, "slug": slug, "name": settings.name.as_deref().unwrap_or(slug),
    });
    let made = control.call("project_create", &arguments)?;
    let id = made["id"].as_str().context("the control plane gave the project no id")?.to_owned();
    if !settings.to_json()?.is_empty() {
        update(control, &id, settings)?;
    }
    Ok(id)
}

fn update(control: &ControlPlane, id: &str, settings: &Settings) -> Result<Value> {
    let arguments = json!({ "actor": operator(None), "project_id": id, "input": settings.to_json()? });
    control.call("manage_project_update", &arguments)
}

fn list(control: &ControlPlane, organization: &str) -> Result<Value> {
    control.call("manage_projects", &json!({ "actor": operator(Some(organization)) }))
}

/// The id of a project.
pub(crate) fn find(control: &ControlPlane, organization: &str, slug: &str) -> Result<String> {
    let projects = list(control, organization)?;
    let found = projects.as_array().into_iter().flatten().find(|project| project["slug"] == slug);
    let id = found.and_then(|project| project["id"].as_str());
    Ok(id.with_context(|| format!("there is no project \"{slug}\" in \"{organization}\""))?.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Settings;

    #[test]
    fn only_what_was_given_is_sent() {
        assert!(Settings::default().to_json().unwrap().is_empty());
        let unlimited = Settings { name: Some("Shop".to_owned()), ..Settings::unlimited() };
        assert_eq!(
            serde_json::Value::Object(unlimited.to_json().unwrap()),
            json!({ "name": "Shop", "quota_events": 0, "events_per_second": 0, "burst": 0 })
        );
        let rules = Settings { classifier_rules: Some("[".to_owned()), ..Settings::default() };
        assert!(rules.to_json().is_err());
    }
}
