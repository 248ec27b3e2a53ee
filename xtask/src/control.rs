//! The control plane as the commands use it: organizations, projects and keys of any Supabase, through
//! the same functions as the Worker's management routes.

use anyhow::{Context as _, Result, bail};
use headwater::key::{Draft, Env, Kind, Scope};
use serde_json::{Value, json};

/// A Supabase project reached with its secret key.
pub(crate) struct ControlPlane {
    url: String,
    secret: String,
    pepper: String,
}

/// What a new project is to be.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ProjectSettings {
    /// IANA time zone of its reports.
    #[arg(long, default_value = "UTC")]
    pub(crate) timezone: String,
    /// Days for which events are kept; for ever if not given.
    #[arg(long)]
    pub(crate) retention_days: Option<u32>,
    /// Events of people who ask not to be tracked: ignore (the wish), anonymous or drop.
    #[arg(long, default_value = "anonymous")]
    pub(crate) dnt_mode: String,
}

/// What a new key is to be.
pub(crate) struct KeySettings<'a> {
    pub(crate) organization: &'a str,
    /// `None` for account keys.
    pub(crate) project: Option<&'a str>,
    pub(crate) kind: Kind,
    pub(crate) env: Env,
    pub(crate) name: &'a str,
    pub(crate) scopes: Vec<Scope>,
    pub(crate) allowed_origins: Vec<String>,
}

impl ControlPlane {
    /// `url` is the Supabase project's address, `secret` its secret key, `pepper` the Worker's `KEY_PEPPER`.
    pub(crate) fn new(url: &str, secret: &str, pepper: &str) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), secret: secret.to_owned(), pepper: pepper.to_owned() }
    }

    /// Makes an organization, or finds it.
    pub(crate) fn organization(&self, slug: &str, name: &str) -> Result<Value> {
        self.call("organization_create", &json!({ "slug": slug, "name": name }))
    }

    /// Makes a project, or finds it.
    pub(crate) fn project(
        &self,
        organization: &str,
        slug: &str,
        name: &str,
        settings: &ProjectSettings,
    ) -> Result<Value> {
        let arguments = json!({
            "organization": organization, "slug": slug, "name": name, "timezone": settings.timezone,
            "retention_days": settings.retention_days, "dnt_mode": settings.dnt_mode,
        });
        self.call("project_create", &arguments)
    }

    /// Makes a key and returns it whole: the only time its secret is seen.
    pub(crate) fn key(&self, settings: &KeySettings<'_>) -> Result<String> {
        let mut random = [0_u8; 256];
        getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let draft = Draft::from_random(settings.kind, settings.env, &random).context("too little randomness")?;
        let arguments = json!({
            "organization": settings.organization, "project": settings.project,
            "kind": settings.kind.as_str(), "env": settings.env.as_str(), "prefix": draft.prefix(),
            "secret_hash": draft.hash(&self.pepper).to_hex(),
            "scopes": settings.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
            "name": settings.name, "allowed_origins": settings.allowed_origins,
        });
        self.call("key_create", &arguments)?;
        Ok(draft.reveal().to_owned())
    }

    /// Whether a prefix is stored.
    pub(crate) fn has_key(&self, prefix: &str) -> Result<bool> {
        Ok(!self.call("key_lookup", &json!({ "key_prefix": prefix }))?.is_null())
    }

    fn call(&self, function: &str, arguments: &Value) -> Result<Value> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(std::time::Duration::from_secs(20)))
            .build()
            .into();
        let mut request = agent
            .post(format!("{}/rest/v1/rpc/{function}", self.url))
            .header("content-type", "application/json")
            .header("apikey", &self.secret);
        // The older kind of secret is a JWT and wanted in both headers.
        if !self.secret.starts_with("sb_secret_") {
            request = request.header("authorization", format!("Bearer {}", self.secret));
        }
        let mut response = request
            .send(arguments.to_string())
            .with_context(|| format!("the control plane at {} does not answer", self.url))?;
        let body = response.body_mut().read_to_string().context("the control plane broke off its answer")?;
        let value: Value = serde_json::from_str(&body).unwrap_or_else(|_| Value::String(body.clone()));
        match response.status().as_u16() {
            200 => Ok(value),
            status => bail!("{function}: {status} {}", value["message"].as_str().unwrap_or(&body)),
        }
    }
}
