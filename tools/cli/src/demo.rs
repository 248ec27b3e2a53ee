//! The demo organization, its project and one key of each kind.

use anyhow::Result;
use intake::key::Env;

use crate::control::{ControlPlane, DEMO, one_of_each};
use crate::dev_file::{Keys, Stores};
use crate::project::{self, Settings};
use crate::secrets::Secrets;
use crate::state::State;

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
