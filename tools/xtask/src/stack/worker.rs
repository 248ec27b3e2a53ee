//! The Worker in wrangler's local runtime.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::bundle::{self, BUILD_DIR};
use crate::dev_file::Stores;
use crate::process::Supervised;
use crate::secrets::Secrets;
use crate::setup::Tools;
use crate::state::State;
use crate::step::step;
use crate::{port, workspace};

use super::Bundle;

/// Start limit. wrangler takes three seconds, more on a busy machine.
const START: Duration = Duration::from_secs(90);

/// File in the state folder with the Worker's variables and secrets, for wrangler.
const VARIABLES: &str = "worker.env";

/// Builds and starts the Worker, waits until `GET /ready` answers 200, and returns its URL.
pub(super) fn start(
    children: &mut Vec<Supervised>,
    state: &State,
    tools: &Tools,
    stores: &Stores,
    secrets: &Secrets,
    port: u16,
    bundle: Bundle,
) -> Result<String> {
    let out_dir = match bundle {
        Bundle::Watched => workspace::root().join("build"),
        Bundle::Fixed => state.file("build"),
    };
    bundle::for_stack(state, &out_dir)?;
    state.write_private(VARIABLES, &variables(stores, secrets, bundle))?;

    let url = format!("http://127.0.0.1:{port}");
    let mut command = wrangler(state, tools, port, &out_dir, &configuration(state, bundle)?)?;
    if bundle == Bundle::Fixed {
        command.env("HEADWATER_KEEP_BUNDLE", "1");
    }
    children.push(Supervised::spawn("worker", command, state)?);
    step("Worker (start)", || {
        let Some(child) = children.last_mut() else { return Ok(()) };
        let mut last = String::from("no answer");
        child
            .wait_until(START, |_| match ready(&url) {
                Ok(()) => Some(()),
                Err(reason) => {
                    last = reason;
                    None
                }
            })
            .map_err(|error| error.context(format!("the Worker is not ready: GET /ready answered {last}")))
    })?;
    Ok(url)
}

/// The configuration for wrangler. For a fixed bundle it has no `build` table: wrangler would watch the sources and
/// restart the Worker during requests when one changes.
fn configuration(state: &State, bundle: Bundle) -> Result<PathBuf> {
    let path = workspace::root().join("wrangler.toml");
    if bundle == Bundle::Watched {
        return Ok(path);
    }
    let text = std::fs::read_to_string(path)?;
    let mut in_build = false;
    let fixed: String = text
        .split_inclusive('\n')
        .filter(|line| {
            if line.starts_with('[') {
                in_build = line.trim_end() == "[build]";
            }
            !in_build
        })
        .collect();
    let path = state.file("wrangler.toml");
    std::fs::write(&path, fixed)?;
    Ok(path)
}

fn wrangler(state: &State, tools: &Tools, port: u16, out_dir: &Path, configuration: &Path) -> Result<Command> {
    let mut command = Command::new(&tools.node);
    command
        .current_dir(workspace::root())
        .arg(workspace::node_module("wrangler/bin/wrangler.js"))
        .arg("dev")
        // Before the options, because some of them take all following words.
        .arg(out_dir.join("index.mjs"))
        .arg("--config")
        .arg(configuration)
        .args(["--ip", "127.0.0.1", "--local", "--test-scheduled"])
        .args(["--port", &port.to_string(), "--inspector-port", &port::free()?.to_string()])
        .arg("--show-interactive-dev-session=false")
        .arg("--persist-to")
        .arg(state.data("worker"))
        .arg("--env-file")
        .arg(state.file(VARIABLES))
        .env(BUILD_DIR, out_dir)
        .env("WRANGLER_SEND_METRICS", "false")
        // Otherwise the start waits for an answer from Cloudflare, which is not needed here.
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        // Files that a killed runtime leaves behind are removed with the state folder.
        .env("TMPDIR", temporary(state)?)
        // By default both are in the home folder, which all stacks share.
        .env("WRANGLER_LOG_PATH", state.file("logs/wrangler"))
        .env("WRANGLER_REGISTRY_PATH", state.file("registry"))
        .env("NO_COLOR", "1")
        // An API token in the shell must not make this run use a Cloudflare account.
        .env_remove("CLOUDFLARE_API_TOKEN");
    // wrangler starts `node` by name, too.
    if let Some(folder) = tools.node.parent().filter(|folder| folder.is_absolute()) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(PathBuf::from(folder)).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(folders)?);
    }
    Ok(command)
}

/// An empty folder for temporary files.
fn temporary(state: &State) -> Result<PathBuf> {
    let folder = state.file("tmp");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The Worker's variables in the form of an `.env` file.
fn variables(stores: &Stores, secrets: &Secrets, bundle: Bundle) -> String {
    let mut settings = settings(stores, secrets);
    // Tests read what they have just written, so a batch need not wait for more events.
    settings.push(("BUFFER_FLUSH_MS", if bundle == Bundle::Fixed { "50" } else { "500" }));
    settings.iter().fold(String::new(), |mut file, (name, value)| {
        // wrangler expands a dollar sign even in single quotes.
        let _ = writeln!(file, "{name}='{}'", value.replace('$', "\\$"));
        file
    })
}

/// The variables and secrets of a Worker that uses these stores.
pub(crate) fn settings<'a>(stores: &'a Stores, secrets: &'a Secrets) -> Vec<(&'static str, &'a str)> {
    stores.worker_settings(secrets)
}

/// Calls `GET /ready`. The error holds the answer.
fn ready(url: &str) -> Result<(), String> {
    let agent = ureq::Agent::new_with_config(
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(10))).build(),
    );
    let mut answer = agent.get(format!("{url}/ready")).call().map_err(|error| error.to_string())?;
    if answer.status() == 200 {
        return Ok(());
    }
    let body = answer.body_mut().read_to_string().unwrap_or_default();
    Err(format!("{} {}", answer.status(), body.trim()))
}
