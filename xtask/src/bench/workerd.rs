//! Bare `workerd serve`, the runtime without wrangler's proxy and watchers, which cost ten times what
//! a Worker does.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::Supervised;
use crate::state::State;
use crate::workspace;

use super::contestant::Contestant;
use super::cpu;

/// A start takes half a second; a machine under load takes longer.
const START: Duration = Duration::from_mins(1);

/// Of the Worker's configuration, so that the benches run what is deployed.
const WRANGLER: &str = "wrangler.toml";

/// A running contestant; dropping it ends it.
pub(super) struct Workerd {
    child: Supervised,
    /// Where it listens.
    pub(super) address: SocketAddr,
}

impl Workerd {
    /// Starts a process of its own for the contestant and waits until it listens.
    pub(super) fn start(contestant: &Contestant, state: &State) -> Result<Self> {
        let folder = state.file("run").join(contestant.name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        // workerd embeds files from the configuration's own folder only.
        for file in ["index.mjs", "index_bg.wasm"] {
            let source = contestant.bundle.join(file);
            fs::copy(&source, folder.join(file))
                .with_context(|| format!("cannot copy {}", workspace::shown(&source)))?;
        }
        let file = folder.join("config.capnp");
        fs::write(&file, configuration(contestant.settings, &compatibility_date()?))?;

        let mut command = Command::new(program()?);
        command.args(["serve", "--control-fd=1"]).arg(file);
        let child = Supervised::spawn(contestant.name, command, state)?;
        // From here on a failure drops, and so ends, the process.
        let mut this = Self { child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) };
        let log = state.log(contestant.name);
        let port = this.child.wait_until(START, |_| listening_port(&fs::read_to_string(&log).ok()?))?;
        this.address.set_port(port);
        Ok(this)
    }

    /// Processor time it has used so far.
    pub(super) fn cpu(&self) -> Result<Duration> {
        cpu::of(self.child.id())
    }
}

impl Drop for Workerd {
    fn drop(&mut self) {
        self.child.end();
    }
}

/// What `workerd --version` says.
pub(super) fn version() -> Result<String> {
    let output = Command::new(program()?).arg("--version").output().context("cannot run workerd")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The binary itself: npm's launcher orphans its child when it is killed.
fn program() -> Result<PathBuf> {
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => "linux-64",
        ("linux", "aarch64") => "linux-arm64",
        (os, arch) => bail!("benches read processor times as Linux counts them; this is {os} on {arch}"),
    };
    let program = workspace::node_module(&format!("@cloudflare/workerd-{platform}/bin/workerd"));
    if !program.exists() {
        bail!("{} is missing: run `npm ci --ignore-scripts`", workspace::shown(&program));
    }
    Ok(program)
}

fn compatibility_date() -> Result<String> {
    let path = workspace::root().join(WRANGLER);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {WRANGLER}"))?;
    text.lines()
        .find_map(|line| Some(line.strip_prefix("compatibility_date")?.split('"').nth(1)?.to_owned()))
        .with_context(|| format!("{WRANGLER} names no compatibility_date"))
}

fn configuration(settings: &[(&str, &str)], date: &str) -> String {
    let mut bindings = String::new();
    for (name, value) in settings {
        // Cap'n Proto's text form escapes as Rust does, for what settings hold.
        let _ = write!(bindings, "(name = {name:?}, text = {value:?}), ");
    }
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [
    (name = "index.mjs", esModule = embed "index.mjs"),
    (name = "./index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  compatibilityDate = "{date}",
  bindings = [{bindings}],
);
"#
    )
}

/// Finds the line `{"event":"listen","socket":"http","port":N}` that `--control-fd` writes.
fn listening_port(log: &str) -> Option<u16> {
    log.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        if message.get("event")?.as_str()? != "listen" {
            return None;
        }
        message.get("port")?.as_u64()?.try_into().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::{configuration, listening_port};

    #[test]
    fn the_port_is_read_from_the_log() {
        let log = "warning: something\n{\"event\":\"listen\",\"socket\":\"http\",\"port\":4711}\n";
        assert_eq!(listening_port(log), Some(4711));
        assert_eq!(listening_port("{\"event\":\"lis"), None);
    }

    #[test]
    fn settings_become_bindings() {
        let text = configuration(&[("A", "x\"y")], "2026-10-01");
        assert!(text.contains(r#"bindings = [(name = "A", text = "x\"y"), ]"#), "{text}");
    }
}
