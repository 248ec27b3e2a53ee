//! Child processes. Each one leads its own process group, writes to a log file and carries a mark in its environment.
//!
//! With its own group, Ctrl-C in the terminal reaches only this process, which then stops the children in order.
//! Signals to the group also reach the processes that a child starts.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::state::State;
use crate::{stop, strays, workspace};

/// Environment variable that marks a child process, so that `strays` can find it.
pub(crate) const MARK: &str = "HEADWATER_STATE";

/// Time between SIGTERM and SIGKILL. The local stores stop within five seconds.
const GRACE: Duration = Duration::from_secs(7);

/// A supervised child process.
pub(crate) struct Supervised {
    /// Name in messages and of the log file.
    pub(crate) name: &'static str,
    command: Command,
    child: Child,
    log: PathBuf,
}

impl Supervised {
    /// Starts `command` and writes its output to `logs/NAME.log`, which is truncated first.
    pub(crate) fn spawn(name: &'static str, mut command: Command, state: &State) -> Result<Self> {
        let log = state.log(name);
        command.env(MARK, state.dir()).process_group(0).stdin(Stdio::null());
        let child = launch(&mut command, &log)?;
        Ok(Self { name, command, child, log })
    }

    /// Kills the process and all its descendants with SIGKILL, like a crash.
    pub(crate) fn kill(&mut self) -> Result<()> {
        for pid in strays::descendants(self.child.id().cast_signed()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        let _ = killpg(self.group(), Signal::SIGKILL);
        self.child.wait()?;
        Ok(())
    }

    /// Starts the same command again.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.child = launch(&mut self.command, &self.log)?;
        Ok(())
    }

    /// Calls `ready` until it returns a value.
    ///
    /// # Errors
    /// If the child exits, `limit` passes or a signal asks to stop.
    pub(crate) fn wait_until<T>(&mut self, limit: Duration, mut ready: impl FnMut(&Self) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(found) = ready(self) {
                return Ok(found);
            }
            if let Some(status) = self.ended()? {
                return Err(self.obituary(status));
            }
            if Instant::now() > deadline {
                bail!("{} is not ready after {} s. Log: {}", self.name, limit.as_secs(), self.quote());
            }
            stop::pause()?;
        }
    }

    /// Waits for the line `ready URL` that each local store prints, and returns the URL.
    pub(crate) fn wait_for_ready_line(&mut self, limit: Duration) -> Result<String> {
        self.wait_until(limit, |child| {
            let log = fs::read_to_string(&child.log).ok()?;
            // Complete lines only: the last one may still be incomplete.
            let line = log.split_inclusive('\n').find(|line| line.starts_with("ready ") && line.ends_with('\n'))?;
            Some(line.trim_start_matches("ready ").trim_end().to_owned())
        })
    }

    /// Exit status, if the child has exited.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// An error with the child's exit status and the end of its log.
    pub(crate) fn obituary(&self, status: ExitStatus) -> anyhow::Error {
        anyhow!("{} stopped unexpectedly ({status}). Log: {}", self.name, self.quote())
    }

    fn quote(&self) -> String {
        format!("{}\n{}", workspace::shown(&self.log), indented(&last_lines(&self.log, 12)))
    }

    /// Sends SIGTERM to the process group.
    pub(crate) fn ask_to_end(&self) {
        let _ = killpg(self.group(), Signal::SIGTERM);
    }

    /// Stops the child: SIGTERM, then SIGKILL for the group after [`GRACE`]. No process of the group is left.
    pub(crate) fn end(&mut self) {
        self.ask_to_end();
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(stop::TICK);
        }
        let _ = killpg(self.group(), Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// Process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn group(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(i32::MAX))
    }
}

fn launch(command: &mut Command, log: &Path) -> Result<Child> {
    let file = File::create(log).with_context(|| format!("cannot write {}", workspace::shown(log)))?;
    command.stdout(file.try_clone()?).stderr(file);
    command.spawn().with_context(|| format!("cannot run {}", Path::new(command.get_program()).display()))
}

/// Runs a setup command to completion and appends its output to `logs/setup.log`.
pub(crate) fn run(mut command: Command, state: &State) -> Result<()> {
    let log = state.log("setup");
    let file = OpenOptions::new().create(true).append(true).open(&log)?;
    let words: Vec<OsString> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(ToOwned::to_owned).collect();
    let shown = words.join(" ".as_ref()).to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let status = run_in_group(command, Some(state))?;
    if !status.success() {
        bail!("`{shown}` failed ({status}); see {}\n{}", workspace::shown(&log), indented(&last_lines(&log, 15)));
    }
    Ok(())
}

/// Runs a command to completion with its own streams. A signal to this process stops the command's group.
pub(crate) fn run_in_group(command: Command, state: Option<&State>) -> Result<ExitStatus> {
    wait_in_group(spawn_in_group(command, state)?)
}

/// Starts a command in its own process group, for [`wait_in_group`].
pub(crate) fn spawn_in_group(mut command: Command, state: Option<&State>) -> Result<Child> {
    stop::check()?;
    let program = PathBuf::from(command.get_program());
    if let Some(state) = state {
        command.env(MARK, state.dir());
    }
    command.process_group(0).spawn().with_context(|| format!("cannot run {}", program.display()))
}

/// Waits for a child of [`spawn_in_group`]. A signal to this process stops the child's group.
pub(crate) fn wait_in_group(mut child: Child) -> Result<ExitStatus> {
    let group = Pid::from_raw(i32::try_from(child.id())?);
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if let Err(interrupted) = stop::pause() {
            let _ = killpg(group, Signal::SIGTERM);
            let deadline = Instant::now() + Duration::from_secs(3);
            while Instant::now() < deadline && matches!(child.try_wait(), Ok(None)) {
                std::thread::sleep(stop::TICK);
            }
            let _ = killpg(group, Signal::SIGKILL);
            let _ = child.wait();
            return Err(interrupted.into());
        }
    }
}

fn last_lines(path: &Path, count: usize) -> Vec<String> {
    let mut last = VecDeque::with_capacity(count);
    if let Ok(file) = File::open(path) {
        for line in BufReader::new(file).split(b'\n').map_while(Result::ok) {
            if last.len() == count {
                last.pop_front();
            }
            last.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
        }
    }
    last.into()
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
