//! Runs the Worker on bare workerd: one process that can be killed, with Durable Objects on disk that survive it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::process::Supervised;
use crate::state::State;
use crate::{port, workerd, workspace};

/// Start limit. A start takes half a second, more on a busy machine.
const START: Duration = Duration::from_mins(1);

/// The running Worker. Dropping it stops the process.
pub(crate) struct Worker {
    pub(super) child: Supervised,
    pub(crate) url: String,
    agent: ureq::Agent,
}

impl Worker {
    /// Starts the Worker from the folder `bundle` with these variables, and waits until it answers.
    pub(crate) fn start(state: &State, bundle: &Path, settings: &[(&str, &str)]) -> Result<Self> {
        let folder = state.file("run/worker");
        let _ = fs::remove_dir_all(&folder);
        let storage = state.data("worker");
        fs::create_dir_all(&folder)?;
        fs::create_dir_all(&storage)?;
        // workerd embeds files from the configuration's own folder only.
        for file in ["index.mjs", "index_bg.wasm"] {
            let source = bundle.join(file);
            fs::copy(&source, folder.join(file))
                .with_context(|| format!("cannot copy {}", workspace::shown(&source)))?;
        }
        // The port stays the same after a restart, because clients use one address.
        let port = port::free()?;
        let file = folder.join("config.capnp");
        fs::write(&file, configuration(port, &storage, settings, &workerd::compatibility_date()?))?;
        let mut command = Command::new(workerd::program()?);
        command.arg("serve").arg(&file);
        let config =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(10)));
        let mut this = Self {
            child: Supervised::spawn("worker", command, state)?,
            url: format!("http://127.0.0.1:{port}"),
            agent: config.build().into(),
        };
        this.wait()?;
        Ok(this)
    }

    /// Process id.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `GET /health` answers 200.
    pub(super) fn wait(&mut self) -> Result<()> {
        let (url, agent) = (format!("{}/health", self.url), &self.agent);
        self.child
            .wait_until(START, |_| agent.get(&url).call().is_ok_and(|answer| answer.status() == 200).then_some(()))
    }

    /// Restarts the process and waits until it answers.
    pub(super) fn restart(&mut self) -> Result<()> {
        self.child.restart()?;
        self.wait()
    }

    /// Number of events in the buffer, from `GET /v1/buffer`. `key` is an account key. At least 1 if an object does not
    /// answer.
    pub(crate) fn waiting(&self, key: &str) -> Result<u64> {
        let request =
            self.agent.get(format!("{}/v1/buffer", self.url)).header("authorization", format!("Bearer {key}"));
        let text = request.call().context("GET /v1/buffer")?.body_mut().read_to_string()?;
        let answer: serde_json::Value =
            serde_json::from_str(&text).with_context(|| format!("GET /v1/buffer: {text}"))?;
        // An object that does not answer may hold events.
        let silent = answer["objects"].as_array().into_iter().flatten().any(|object| object["events"].is_null());
        let events = answer["events"].as_u64().with_context(|| format!("GET /v1/buffer: {text}"))?;
        Ok(events.max(u64::from(silent)))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.child.end();
    }
}

fn configuration(port: u16, storage: &Path, settings: &[(&str, &str)], date: &str) -> String {
    let bindings = workerd::bindings(settings);
    let storage = format!("{:?}", storage.to_string_lossy());
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private", "local"])),
    (name = "storage", disk = (path = {storage}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:{port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [
    (name = "index.mjs", esModule = embed "index.mjs"),
    (name = "./index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  compatibilityDate = "{date}",
  bindings = [{bindings}(name = "BUFFER", durableObjectNamespace = "Buffer")],
  durableObjectNamespaces = [(className = "Buffer", uniqueKey = "headwater-buffer", enableSql = true)],
  durableObjectStorage = (localDisk = "storage"),
);
"#
    )
}
