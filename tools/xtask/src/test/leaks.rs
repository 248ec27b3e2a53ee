//! After a run: no log holds a secret that was used in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::counts::Counts;
use crate::state::State;

/// Keys that the end-to-end tests made, one a line.
pub(super) const USED: &str = "used-secrets.txt";
/// Shorter values would be found by chance.
const SHORTEST: usize = 20;

/// Searches every log of the stack for every secret of the stack and of the tests.
pub(super) fn search(state: &State) -> Result<Counts> {
    let secrets = secrets_of(state)?;
    let mut logs = Vec::new();
    collect(&state.file("logs"), &mut logs)?;
    let mut found = Vec::new();
    for (path, text) in &logs {
        for secret in secrets.iter().filter(|secret| text.contains(secret.as_str())) {
            // Enough to find it by, and no more.
            found.push(format!(
                "{path} holds a secret that ends in …{}",
                secret.get(secret.len() - 4..).unwrap_or_default()
            ));
        }
    }
    println!("\nlogs: {} secrets searched for in {} files", secrets.len(), logs.len());
    for line in &found {
        println!("  ✗ {line}");
    }
    // Without either there is nothing to say, and saying "none found" would be a lie.
    let searched = !logs.is_empty() && !secrets.is_empty();
    Ok(Counts {
        passed: usize::from(searched && found.is_empty()),
        failed: usize::from(!found.is_empty() || !searched),
        ..Counts::default()
    })
}

fn secrets_of(state: &State) -> Result<BTreeSet<String>> {
    let mut secrets: BTreeSet<String> = BTreeSet::new();
    let mut take = |text: &str| {
        // Of an API key the part behind the prefix is secret; the prefix may be logged.
        let secret = text.rsplit('_').next().unwrap_or(text);
        if secret.len() >= SHORTEST && secret.is_ascii() {
            secrets.insert(secret.to_owned());
        }
    };
    for file in ["secrets.json", "keys.json", "test-keys.json"] {
        if let Some(Value::Object(values)) = state.read::<Value>(file)? {
            values.values().filter_map(Value::as_str).for_each(&mut take);
        }
    }
    fs::read_to_string(state.file(USED)).unwrap_or_default().lines().for_each(&mut take);
    Ok(secrets)
}

fn collect(folder: &Path, logs: &mut Vec<(String, String)>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, logs)?;
        } else {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            logs.push((name, String::from_utf8_lossy(&fs::read(&path)?).into_owned()));
        }
    }
    Ok(())
}
