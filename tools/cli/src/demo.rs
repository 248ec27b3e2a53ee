//! The demo organization, its project and one key of each kind.

use anyhow::Result;
use intake::key::{Env, Kind, Scope};

use crate::control::{ControlPlane, KeySettings};
use crate::dev_file::{Keys, Stores};
use crate::project::{self, Settings};
use crate::secrets::Secrets;
use crate::state::State;

/// Slug of the demo organization and of its project.
pub const DEMO: &str = "demo";

/// Creates what is missing and returns the keys of the demo project for this data (live or test), the same every time.
pub fn keys(state: &State, stores: &Stores, secrets: &Secrets, env: Env) -> Result<Keys> {
    let control = ControlPlane::of(stores, secrets)?;
    // Keys are stored as hashes only, so their secrets are kept beside the data they open.
    let file = match env {
        Env::Live => "keys.json",
        Env::Test => "test-keys.json",
    };
    if let Some(keys) = state.read::<Keys>(file)?
        && keys.pk.split('_').nth(2).is_some_and(|prefix| control.has_key(prefix).unwrap_or(false))
    {
        return Ok(keys);
    }
    control.organization(DEMO, "Demo")?;
    project::ensure(&control, DEMO, DEMO, &Settings::default())?;
    let keys = one_of_each(&control, DEMO, DEMO, env)?;
    state.write(file, &keys)?;
    Ok(keys)
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
