//! `headwater project`: projects of the local stack or of a hosted deployment.

use std::process::ExitCode;

use anyhow::{Context as _, Result, anyhow};
use clap::Subcommand;
use intake::key::Env;
use serde_json::{Map, Value, json};

use crate::control::{ControlPlane, DEMO, Target, one_of_each, operator};
use crate::format::{Format, short, text};
use crate::screen::grouped;
use crate::table::Table;

/// What to do with projects.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a project; on the local stack with one key of each kind. An existing one gets the settings given.
    Create(Box<Create>),
    /// List the projects of an organization.
    List {
        /// Slug of the organization.
        #[arg(long, default_value = DEMO)]
        organization: String,
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        format: Format,
    },
    /// Change settings of a project: retention, privacy, quota, limits.
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
        #[command(flatten)]
        format: Format,
    },
    /// Archive a project: its keys stop working, its data stays.
    Archive {
        /// The project's slug.
        slug: String,
        /// Slug of its organization.
        #[arg(long, default_value = DEMO)]
        organization: String,
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        format: Format,
    },
}

/// Arguments of `project create`.
#[derive(Debug, clap::Args)]
pub struct Create {
    /// Short name: a-z, 0-9 and hyphens.
    slug: String,
    /// Slug of the organization; created if it does not exist.
    #[arg(long, default_value = DEMO)]
    organization: String,
    /// The data that the keys give access to: live or test.
    #[arg(long, default_value = "live")]
    env: String,
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    format: Format,
}

/// Settings of a project; what is not given keeps its value.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Settings {
    /// Display name.
    #[arg(long)]
    name: Option<String>,
    /// IANA time zone for day boundaries in reports.
    #[arg(long)]
    timezone: Option<String>,
    /// Days for which events are kept; forever if not given.
    #[arg(long)]
    retention_days: Option<u32>,
    /// What a Do-Not-Track or GPC signal does: ignore (nothing), anonymous (store without ids) or drop.
    #[arg(long)]
    dnt_mode: Option<String>,
    /// Precision of stored locations: country, region or city.
    #[arg(long)]
    geo_level: Option<String>,
    /// An IP address or CIDR range whose traffic is not counted. Repeatable.
    #[arg(long = "exclude-ip", value_name = "RANGE")]
    excluded_ip_ranges: Vec<String>,
    /// A host that counts as the same site. Repeatable.
    #[arg(long = "internal-host", value_name = "HOST")]
    internal_hosts: Vec<String>,
    /// A query parameter kept in stored URLs, instead of the default list. Repeatable.
    #[arg(long = "keep-param", value_name = "NAME")]
    kept_params: Vec<String>,
    /// The project's own classifier rules as a JSON array.
    #[arg(long, value_name = "JSON")]
    classifier_rules: Option<String>,
    /// Events per month, overriding the plan; 0 is unlimited.
    #[arg(long)]
    quota_events: Option<u64>,
    /// Beyond the quota: soft (accept and report) or block (reject).
    #[arg(long)]
    quota_mode: Option<String>,
    /// Events per second, overriding the plan; 0 is unlimited.
    #[arg(long)]
    events_per_second: Option<u32>,
    /// Burst of events, overriding the plan; 0 is unlimited.
    #[arg(long)]
    burst: Option<u32>,
    /// No quota and no limits: for benchmarks and fault tests.
    #[arg(long, conflicts_with_all = ["quota_events", "events_per_second", "burst"])]
    unlimited: bool,
}

impl Settings {
    /// No quota and no limits.
    pub fn unlimited() -> Self {
        Self { unlimited: true, ..Self::default() }
    }

    /// As the control plane reads them: only what was given.
    fn to_json(&self) -> Result<Map<String, Value>> {
        let list = |items: &[String]| (!items.is_empty()).then(|| items.to_vec());
        let none = self.unlimited.then_some(0);
        let rules: Option<Value> = match &self.classifier_rules {
            Some(text) => Some(serde_json::from_str(text).context("--classifier-rules is not valid JSON")?),
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
        Command::List { organization, target, format } => {
            let empty = "No projects yet. Create one: headwater project create <SLUG> --organization <SLUG>";
            format.list(&list(&target.open()?, organization)?, table, empty);
        }
        Command::Update { slug, organization, settings, target, format } => {
            let control = target.open()?;
            let id = find(&control, organization, slug)?;
            let changed = settings.to_json()?;
            format.show(&update(&control, &id, settings)?, |project| {
                println!("Project {slug} updated.");
                for name in changed.keys() {
                    println!("  {name}: {}", text(project, name));
                }
            });
        }
        Command::Archive { slug, organization, target, format } => {
            let control = target.open()?;
            let id = find(&control, organization, slug)?;
            let arguments = json!({ "actor": operator(None), "project_id": id });
            let archived = control.call("manage_project_archive", &arguments)?;
            format.show(&archived, |_| println!("Project {slug} archived. Its keys no longer work; its data stays."));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn create(args: &Create) -> Result<()> {
    let control = args.target.open()?;
    let env = Env::parse(&args.env).ok_or_else(|| anyhow!("--env must be live or test"))?;
    control.organization(&args.organization, &args.organization)?;
    let id = ensure(&control, &args.organization, &args.slug, &args.settings)?;
    let mut made = json!({ "project_id": id, "slug": args.slug });
    // The keys are for pages on this machine; those of a deployment are created one by one.
    let keys =
        if args.target.is_hosted() { None } else { Some(one_of_each(&control, &args.organization, &args.slug, env)?) };
    if let Some(keys) = &keys {
        made["keys"] = serde_json::to_value(keys)?;
    }
    args.format.show(&made, |_| {
        println!("Project {} of {} is ready (id {id}).", args.slug, args.organization);
        let Some(keys) = keys else {
            println!(
                "Create a key: headwater keys create --kind sk --organization {} --project {}",
                args.organization, args.slug
            );
            return;
        };
        println!("\nKeys for {} data, shown only now:", env.as_str());
        for (kind, key) in keys.by_kind() {
            println!("  {kind:<13}{key}");
        }
    });
    Ok(())
}

fn table(projects: &[Value]) -> Table {
    let mut table = Table::new(["SLUG", "NAME", "TIME ZONE", ">RETENTION", ">EVENTS/MONTH", "STATUS", "ID"]);
    for one in projects {
        let retention =
            one["retention_days"].as_u64().map_or_else(|| "forever".to_owned(), |days| format!("{days} days"));
        let quota = one["quota_events"].as_u64().filter(|quota| *quota > 0);
        let quota = quota.map_or_else(|| "unlimited".to_owned(), grouped);
        let status = if one["archived_at"].is_null() { "active" } else { "archived" };
        let [slug, name, zone, id] = ["slug", "name", "timezone", "id"].map(|field| text(one, field));
        table.row([slug, name, zone, retention, quota, status.to_owned(), short(&id)]);
    }
    table
}

/// Creates a project, or finds it, and applies the settings given. Returns its id.
pub fn ensure(control: &ControlPlane, organization: &str, slug: &str, settings: &Settings) -> Result<String> {
    let arguments = json!({
        "organization": organization, "slug": slug, "name": settings.name.as_deref().unwrap_or(slug),
    });
    let made = control.call("project_create", &arguments)?;
    let id = made["id"].as_str().context("the control plane returned a project without an id")?.to_owned();
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
