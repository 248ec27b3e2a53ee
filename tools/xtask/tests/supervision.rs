//! Starting and stopping a stack leaves no process behind.
//!
//! These tests run real stacks in temporary state folders and need what `cargo xtask test` sets up. Without it they
//! print a note and pass.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A state folder that is removed even if the test fails.
struct Stack {
    dir: PathBuf,
}

impl Stack {
    fn new(name: &str) -> Option<Self> {
        if std::env::var_os("HEADWATER_DEV_JSON").is_none() {
            eprintln!("skipped: run `cargo xtask test`");
            return None;
        }
        let dir = std::env::temp_dir().join(format!("headwater-{name}-{}", std::process::id()));
        Some(Self { dir })
    }

    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.arg(name).arg("--state").arg(&self.dir).args(arguments);
        command.stdin(Stdio::null());
        command
    }

    fn up(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("up", arguments);
        for port in ["--worker-port", "--clickhouse-port", "--postgrest-port", "--postgres-port"] {
            if !arguments.contains(&port) {
                command.args([port, "0"]);
            }
        }
        command
    }

    /// Starts a stack in the foreground and waits until it is ready.
    fn up_in_foreground(&self) -> Child {
        let mut child = self.up(&["--stores-only"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_mins(2);
        while !self.dir.join("dev.json").exists() {
            assert!(child.try_wait().unwrap().is_none(), "the stack ended while it started");
            assert!(Instant::now() < deadline, "the stack is not ready after two minutes");
            std::thread::sleep(Duration::from_millis(50));
        }
        child
    }

    /// Command lines of the processes with the stack's mark, by process id.
    fn processes(&self) -> BTreeMap<u32, String> {
        let mark = format!("HEADWATER_STATE={}", self.dir.display());
        let entries = fs::read_dir("/proc").unwrap().flatten();
        entries
            .filter_map(|entry| {
                let pid = entry.file_name().to_str()?.parse().ok()?;
                let environ = fs::read(entry.path().join("environ")).ok()?;
                environ.split(|byte| *byte == 0).find(|pair| *pair == mark.as_bytes())?;
                let line = fs::read(entry.path().join("cmdline")).ok()?;
                Some((pid, String::from_utf8_lossy(&line).replace('\0', " ")))
            })
            .collect()
    }

    /// Id of the process whose command line contains `part`.
    fn process(&self, part: &str) -> u32 {
        let processes = self.processes();
        let found = processes.iter().find(|(_, line)| line.contains(part));
        *found.unwrap_or_else(|| panic!("no {part} among {processes:?}")).0
    }

    fn assert_nothing_left(&self) {
        assert_eq!(self.processes(), BTreeMap::new());
        assert!(!self.dir.join("dev.json").exists());
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let _ = self.command("reset", &[]).output();
    }
}

fn assert_success(output: &Output) {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].map(String::from_utf8_lossy).concat();
    assert!(output.status.success(), "{text}");
}

fn signal(pid: u32, name: &str) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

fn stderr_of(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_detached_stack_runs_until_down_and_one_that_was_killed_is_swept_up() {
    let Some(stack) = Stack::new("detached") else { return };
    assert_success(&stack.up(&["--detach"]).output().unwrap());
    for part in ["bin/workerd", "bin/postgres", "devstack clickhouse", "devstack postgrest"] {
        assert_ne!(stack.process(part), 0);
    }
    let mode = stack.dir.join("dev.json").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_success(&stack.command("status", &[]).output().unwrap());

    let second = stack.up(&["--detach"]).output().unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("already running"));

    assert_success(&stack.command("down", &[]).output().unwrap());
    stack.assert_nothing_left();

    assert_success(&stack.up(&["--detach"]).output().unwrap());
    let supervisor = fs::read_to_string(stack.dir.join("supervisor.pid")).unwrap().parse().unwrap();
    signal(supervisor, "-KILL");
    assert!(!stack.processes().is_empty());
    assert_success(&stack.command("down", &[]).output().unwrap());
    stack.assert_nothing_left();
}

#[test]
fn ctrl_c_ends_everything_in_order() {
    let Some(stack) = Stack::new("ctrl-c") else { return };
    let child = stack.up_in_foreground();
    signal(child.id(), "-INT");
    let (code, errors) = stderr_of(child);
    assert_eq!(code, Some(0), "{errors}");
    stack.assert_nothing_left();
}

#[test]
fn ctrl_c_while_it_starts_leaves_nothing() {
    let Some(stack) = Stack::new("early") else { return };
    for wait in [200, 700, 1500] {
        let mut child = stack.up(&["--stores-only"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        signal(child.id(), "-INT");
        child.wait().unwrap();
        stack.assert_nothing_left();
    }
}

#[test]
fn a_store_that_dies_is_named_and_takes_the_rest_along() {
    let Some(stack) = Stack::new("death") else { return };
    let child = stack.up_in_foreground();
    signal(stack.process("devstack clickhouse"), "-KILL");
    let (code, errors) = stderr_of(child);
    assert_eq!(code, Some(1));
    assert!(errors.contains("clickhouse stopped unexpectedly"), "{errors}");
    stack.assert_nothing_left();
}

#[test]
fn a_port_in_use_is_said_with_the_flag_that_changes_it() {
    let Some(stack) = Stack::new("port") else { return };
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = stack.up(&["--stores-only", "--postgrest-port", &port]).output().unwrap();
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains(&port) && errors.contains("--postgrest-port"), "{errors}");
    stack.assert_nothing_left();
}
