//! Runs a contestant on bare `workerd serve`. `wrangler dev` adds a proxy and watchers that cost ten times as much as a
//! Worker.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process::Supervised;
use crate::state::State;
use crate::{workerd, workspace};

use super::contestant::Contestant;
use super::cpu;

/// Start limit. A start takes half a second, more on a busy machine.
const START: Duration = Duration::from_mins(1);

/// File name of the Worker that answers outbound requests.
const OUTBOUND: &str = "outbound.mjs";

/// A running contestant. Dropping it stops the process.
pub(super) struct Workerd {
    child: Supervised,
    /// Address it listens on.
    pub(super) address: SocketAddr,
}

impl Workerd {
    /// Starts a process for the contestant and waits until it listens.
    pub(super) fn start(contestant: &Contestant, v8_flags: &[&str], state: &State) -> Result<Self> {
        let folder = state.file("run").join(contestant.name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        // workerd embeds files from the configuration's own folder only.
        for module in &contestant.modules {
            fs::copy(&module.file, folder.join(module.embedded()))
                .with_context(|| format!("cannot copy {}", workspace::shown(&module.file)))?;
        }
        if let Some(outbound) = &contestant.outbound {
            fs::write(folder.join(OUTBOUND), outbound.source)?;
        }
        let file = folder.join("config.capnp");
        fs::write(&file, configuration(contestant, v8_flags, &workerd::compatibility_date()?))?;

        let mut command = Command::new(workerd::program()?);
        command.args(["serve", "--control-fd=1"]).arg(file);
        let child = Supervised::spawn(contestant.name, command, state)?;
        // From here on an error drops `this` and so stops the process.
        let mut this = Self { child, address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)) };
        let log = state.log(contestant.name);
        let port = this.child.wait_until(START, |_| listening_port(&fs::read_to_string(&log).ok()?))?;
        this.address.set_port(port);
        Ok(this)
    }

    /// Process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// CPU time used so far.
    pub(super) fn cpu(&self) -> Result<Duration> {
        cpu::of(self.child.id())
    }
}

impl Drop for Workerd {
    fn drop(&mut self) {
        self.child.end();
    }
}

fn configuration(contestant: &Contestant, v8_flags: &[&str], date: &str) -> String {
    let mut modules = String::new();
    for module in &contestant.modules {
        let kind = if module.wasm { "wasm" } else { "esModule" };
        let _ = write!(modules, "(name = {:?}, {kind} = embed {:?}), ", module.name, module.embedded());
    }
    let bindings = workerd::bindings(&contestant.settings);
    let (mut service, mut worker, mut reach) = (String::new(), String::new(), "");
    if let Some(outbound) = &contestant.outbound {
        service.push_str(r#", (name = "outbound", worker = .outbound)"#);
        reach = "\n  globalOutbound = \"outbound\",";
        let bindings = workerd::bindings(&outbound.settings);
        let _ = write!(
            worker,
            r#"const outbound :Workerd.Worker = (
  modules = [(name = "{OUTBOUND}", esModule = embed "{OUTBOUND}")],
  compatibilityDate = "{date}",
  bindings = [{bindings}],
);
"#
        );
    }
    format!(
        r#"using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker){service}],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
  v8Flags = {v8_flags:?},
);
const worker :Workerd.Worker = (
  modules = [{modules}],
  compatibilityDate = "{date}",
  bindings = [{bindings}],{reach}
);
{worker}"#
    )
}

/// Finds the port in the line `{"event":"listen","socket":"http","port":N}` that `--control-fd` writes.
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
    use super::super::contestant::{Contestant, Module, Outbound};
    use super::{configuration, listening_port};

    #[test]
    fn the_port_is_read_from_the_log() {
        let log = "warning: something\n{\"event\":\"listen\",\"socket\":\"http\",\"port\":4711}\n";
        assert_eq!(listening_port(log), Some(4711));
        assert_eq!(listening_port("{\"event\":\"lis"), None);
    }

    #[test]
    fn settings_and_modules_become_a_configuration() {
        let mut contestant = Contestant {
            title: "",
            name: "",
            modules: vec![Module { file: "x/index_bg.wasm".into(), name: "./index_bg.wasm", wasm: true }],
            settings: vec![("A", "x\"y".to_owned())],
            outbound: None,
            requests: Vec::new(),
            rival: None,
        };
        let text = configuration(&contestant, &[], "2026-10-01");
        assert!(text.contains(r#"bindings = [(name = "A", text = "x\"y"), ]"#), "{text}");
        assert!(text.contains(r#"(name = "./index_bg.wasm", wasm = embed "index_bg.wasm")"#), "{text}");
        assert!(!text.contains("outbound") && text.contains("v8Flags = [],"), "{text}");
        contestant.outbound = Some(Outbound { source: "", settings: Vec::new() });
        assert!(configuration(&contestant, &["--a"], "2026-10-01").contains("globalOutbound = \"outbound\""));
    }
}
