//! The control plane as the commands use it: organizations, projects and keys of any Supabase, through
//! the same functions as the Worker's management routes (`docs/control-plane.md`).

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use intake::key::{Draft, Env, Kind, Scope};
use serde_json::{Value, json};

use crate::dev_file::DevFile;
use crate::hosted;
use crate::secrets::Secrets;
use crate::state::StateArg;

/// Which control plane a command is for: the running stack's, or a hosted one.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Target {
    #[command(flatten)]
    pub(crate) state: StateArg,
    /// A Supabase project, in place of the running stack's.
    #[arg(long, value_name = "URL", requires = "supabase_secret_key")]
    supabase_url: Option<String>,
    /// Its secret API key (`sb_secret_…`); the environment keeps it out of the shell's history.
    #[arg(long, value_name = "KEY", env = "SUPABASE_SECRET_KEY", hide_env_values = true)]
    supabase_secret_key: Option<String>,
    /// The Worker's `KEY_PEPPER`, to make keys that it accepts.
    #[arg(long, value_name = "PEPPER", env = "KEY_PEPPER", hide_env_values = true)]
    key_pepper: Option<String>,
}

impl Target {
    /// Whether a hosted control plane is meant.
    pub(crate) fn is_hosted(&self) -> bool {
        self.supabase_url.is_some()
    }

    /// Finds the way there.
    pub(crate) fn open(&self) -> Result<ControlPlane> {
        if let (Some(url), Some(secret)) = (&self.supabase_url, &self.supabase_secret_key) {
            hosted::with_tls([Some(url.as_str())])?;
            return Ok(ControlPlane::new(url, secret, self.key_pepper.as_deref().unwrap_or_default()));
        }
        let state = self.state.open()?;
        let dev: DevFile = state
            .read("dev.json")?
            .context("nothing runs here: start it with `cargo xtask up`, or name a --supabase-url")?;
        let secrets = Secrets::of(&state)?;
        Ok(ControlPlane::new(&dev.stores.postgrest_url, &dev.stores.supabase_secret_key, &secrets.key_pepper))
    }
}

/// A Supabase project reached with its secret key.
pub(crate) struct ControlPlane {
    url: String,
    secret: String,
    pepper: String,
    agent: ureq::Agent,
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

/// The operator, in one organization where it matters.
pub(crate) fn operator(organization: Option<&str>) -> Value {
    json!({ "operator": true, "organization": organization })
}

impl ControlPlane {
    /// `url` is the Supabase project's address, `secret` its secret key, `pepper` the Worker's `KEY_PEPPER`
    /// (empty where no keys are made).
    pub(crate) fn new(url: &str, secret: &str, pepper: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .into();
        let url = url.trim_end_matches('/').to_owned();
        Self { url, secret: secret.to_owned(), pepper: pepper.to_owned(), agent }
    }

    /// Makes an organization, or finds it.
    pub(crate) fn organization(&self, slug: &str, name: &str) -> Result<Value> {
        self.call("organization_create", &json!({ "slug": slug, "name": name }))
    }

    /// Random key material of a new key, and the hash that is stored.
    pub(crate) fn draft(&self, kind: Kind, env: Env) -> Result<(Draft, String)> {
        if self.pepper.is_empty() {
            bail!("making a key takes the Worker's KEY_PEPPER: set it in the environment");
        }
        let mut random = [0_u8; 256];
        getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let draft = Draft::from_random(kind, env, &random).context("too little randomness")?;
        let hash = draft.hash(&self.pepper).to_hex();
        Ok((draft, hash))
    }

    /// Makes a key and returns it whole: the only time its secret is seen.
    pub(crate) fn key(&self, settings: &KeySettings<'_>) -> Result<String> {
        let (draft, hash) = self.draft(settings.kind, settings.env)?;
        let arguments = json!({
            "organization": settings.organization, "project": settings.project,
            "kind": settings.kind.as_str(), "env": settings.env.as_str(), "prefix": draft.prefix(),
            "secret_hash": hash,
            "scopes": settings.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
            "name": settings.name, "allowed_origins": settings.allowed_origins,
        });
        self.call("key_create", &arguments)?;
        Ok(draft.reveal().to_owned())
    }

    /// The projects of one organization, or of all, as the control plane shows them; one slug's only where it is
    /// given.
    pub(crate) fn projects(&self, organization: Option<&str>, slug: Option<&str>) -> Result<Vec<Value>> {
        let organizations = match organization {
            Some(organization) => json!([{ "slug": organization }]),
            None => self.call("manage_organizations", &json!({ "actor": operator(None) }))?,
        };
        let mut found = Vec::new();
        for organization in organizations.as_array().into_iter().flatten() {
            let projects =
                self.call("manage_projects", &json!({ "actor": operator(organization["slug"].as_str()) }))?;
            let projects = projects.as_array().into_iter().flatten();
            found.extend(projects.filter(|project| slug.is_none_or(|slug| project["slug"] == slug)).cloned());
        }
        if let Some(slug) = slug
            && found.is_empty()
        {
            bail!("there is no project \"{slug}\"");
        }
        Ok(found)
    }

    /// Whether a prefix is stored.
    pub(crate) fn has_key(&self, prefix: &str) -> Result<bool> {
        Ok(!self.call("key_lookup", &json!({ "key_prefix": prefix }))?.is_null())
    }

    /// Calls a function of the control plane.
    pub(crate) fn call(&self, function: &str, arguments: &Value) -> Result<Value> {
        let mut request = self
            .agent
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

/// Prints the elements of a list, one JSON object a line.
pub(crate) fn print_lines(list: &Value) {
    for item in list.as_array().into_iter().flatten() {
        println!("{item}");
    }
}
