//! The control plane as the commands use it: a blocking adapter over the Worker's client. It calls the same functions
//! as the Worker's management routes (`docs/control-plane.md`), for the local stack or any Supabase project.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use headwater::store::{PostgRest, StoreError};
use intake::key::{Draft, Env, Kind, Scope};
use serde_json::{Value, json};

use crate::blocking::wait;
use crate::dev_file::{DevFile, Keys, Stores};
use crate::secrets::Secrets;
use crate::state::StateArg;
use crate::tls;

/// Slug of the demo organization and of its project.
pub const DEMO: &str = "demo";
/// How long one call may take.
const LIMIT: Duration = Duration::from_secs(20);

/// Which control plane a command works on: the local stack's, or a hosted one.
#[derive(Debug, Clone, clap::Args)]
pub struct Target {
    #[command(flatten)]
    pub(crate) state: StateArg,
    /// A Supabase project, instead of the local stack's.
    #[arg(long, value_name = "URL", env = "HEADWATER_SUPABASE_URL", requires = "supabase_secret_key")]
    supabase_url: Option<String>,
    /// Its secret API key (`sb_secret_…`). Set it in the environment to keep it out of the shell's history.
    #[arg(long, value_name = "KEY", env = "SUPABASE_SECRET_KEY", hide_env_values = true)]
    supabase_secret_key: Option<String>,
    /// The Worker's `KEY_PEPPER`, needed to create keys that the Worker accepts.
    #[arg(long, value_name = "PEPPER", env = "KEY_PEPPER", hide_env_values = true)]
    key_pepper: Option<String>,
}

impl Target {
    /// Whether a hosted control plane is named.
    pub(crate) fn is_hosted(&self) -> bool {
        self.supabase_url.is_some()
    }

    /// The control plane that the options name, else the local stack's.
    pub(crate) fn open(&self) -> Result<ControlPlane> {
        if let (Some(url), Some(secret)) = (&self.supabase_url, &self.supabase_secret_key) {
            tls::check([Some(url.as_str())])?;
            return ControlPlane::new(url, secret, self.key_pepper.as_deref().unwrap_or_default());
        }
        let dev = DevFile::of(&self.state)?;
        ControlPlane::of(&dev.stores, &Secrets::of(&self.state.open()?)?)
    }
}

/// A Supabase project reached with its secret key.
pub struct ControlPlane {
    client: PostgRest,
    /// Where it is, for messages.
    shown: String,
    pepper: String,
}

/// The settings of a new key.
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

/// The operator as the actor of a call, within one organization if it is given.
pub(crate) fn operator(organization: Option<&str>) -> Value {
    json!({ "operator": true, "organization": organization })
}

impl ControlPlane {
    /// `url` is the Supabase project's address, `secret` its secret key, `pepper` the Worker's `KEY_PEPPER` (empty if
    /// no keys are created).
    ///
    /// # Errors
    /// Where the URL is not a plain `http://` or `https://` address.
    pub fn new(url: &str, secret: &str, pepper: &str) -> Result<Self> {
        let client = PostgRest::new(url, secret)
            .context("the address of the control plane is not like https://abcdefgh.supabase.co")?;
        Ok(Self { client, shown: url.to_owned(), pepper: pepper.to_owned() })
    }

    /// The local stack's.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of(stores: &Stores, secrets: &Secrets) -> Result<Self> {
        Self::new(&stores.postgrest_url, &stores.supabase_secret_key, &secrets.key_pepper)
    }

    /// Creates an organization, or returns the existing one.
    pub fn organization(&self, slug: &str, name: &str) -> Result<Value> {
        self.call("organization_create", &json!({ "slug": slug, "name": name }))
    }

    /// A new random key and the hash of its secret, which is what is stored.
    pub(crate) fn draft(&self, kind: Kind, env: Env) -> Result<(Draft, String)> {
        if self.pepper.is_empty() {
            bail!("creating a key needs the Worker's KEY_PEPPER: set it in the environment");
        }
        let mut random = [0_u8; 256];
        getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
        let draft = Draft::from_random(kind, env, &random).context("too little randomness")?;
        let hash = draft.hash(&self.pepper).to_hex();
        Ok((draft, hash))
    }

    /// Creates a key and returns it complete: the only time that its secret is known.
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

    /// The projects of one organization, or of all, as the control plane shows them. If `slug` is given, only those
    /// with that slug.
    pub fn projects(&self, organization: Option<&str>, slug: Option<&str>) -> Result<Vec<Value>> {
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
    pub fn has_key(&self, prefix: &str) -> Result<bool> {
        Ok(!self.call("key_lookup", &json!({ "key_prefix": prefix }))?.is_null())
    }

    /// Calls a function of the control plane.
    ///
    /// # Errors
    /// The database's own message where it refuses; else why there is no answer.
    pub fn call(&self, function: &'static str, arguments: &Value) -> Result<Value> {
        match self.attempt(function, arguments)? {
            Ok(value) => Ok(value),
            Err(error) => Err(self.explained(&error, function)),
        }
    }

    /// The same with the store's own error.
    pub(crate) fn attempt(&self, function: &'static str, arguments: &Value) -> Result<Result<Value, StoreError>> {
        match wait(self.client.call(function, arguments.to_string(), LIMIT))? {
            Ok(body) if body.is_empty() => Ok(Ok(Value::Null)),
            Ok(body) => Ok(Ok(intake::json::read(&body).context("the control plane's answer is not JSON")?)),
            Err(error) => Ok(Err(error)),
        }
    }

    /// An error of the control plane in words for people.
    pub(crate) fn explained(&self, error: &StoreError, function: &str) -> anyhow::Error {
        match error {
            StoreError::Refused { status, message, .. } => anyhow!("{message} ({function} answered {status})"),
            StoreError::Unreachable(reason) => anyhow!("cannot reach the control plane at {}: {reason}", self.shown),
            StoreError::TimedOut => anyhow!("the control plane at {} did not answer in time", self.shown),
            StoreError::LimitReached(message) | StoreError::Busy(message) | StoreError::Unusable(message) => {
                anyhow!("the control plane at {} cannot serve {function}: {message}", self.shown)
            }
        }
    }
}

/// One key of each kind, with all scopes of the kind, for pages on this machine.
pub fn one_of_each(control: &ControlPlane, organization: &str, project: &str, env: Env) -> Result<Keys> {
    let make = |kind: Kind| {
        let account = kind == Kind::Account;
        let mut scopes = kind.default_scopes();
        if account {
            scopes.push(Scope::Admin);
        }
        control.key(&KeySettings {
            organization,
            project: (!account).then_some(project),
            kind,
            env,
            name: "made by cargo xtask",
            scopes,
            allowed_origins: if kind == Kind::Publishable {
                vec!["http://localhost:*".to_owned(), "http://127.0.0.1:*".to_owned()]
            } else {
                Vec::new()
            },
        })
    };
    Ok(Keys {
        pk: make(Kind::Publishable)?,
        sk: make(Kind::Secret)?,
        rk: make(Kind::ReadOnly)?,
        ak: make(Kind::Account)?,
    })
}
