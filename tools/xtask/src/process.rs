//! Child processes: each leads a group of its own, writes to a log and carries a mark.
//!
//! A group of its own, so that Ctrl-C in the terminal reaches this process alone and the children
//! end in order; and so that whatever a child starts ends with it.

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

/// Name of the environment variable by which a stray child is found again.
pub(crate) const MARK: &str = "HEADWATER_STATE";

/// How long a child may take to end before it is killed. The stores promise five seconds.
const GRACE: Duration = Duration::from_secs(7);

/// A child under supervision.
pub(crate) struct Supervised {
    /// What it is, for messages.
    pub(crate) name: &'static str,
    command: Command,
    child: Child,
    log: PathBuf,
}

impl Supervised {
    /// Starts `command`; its output goes to `logs/NAME.log`, which begins anew.
    pub(crate) fn spawn(name: &'static str, mut command: Command, state: &State) -> Result<Self> {
        let log = state.log(name);
        command.env(MARK, state.dir()).process_group(0).stdin(Stdio::null());
        let child = launch(&mut command, &log)?;
        Ok(Self { name, command, child, log })
    }

    /// Ends it and all that it started as a crash does: with SIGKILL, at once.
    pub(crate) fn kill(&mut self) -> Result<()> {
        for pid in strays::descendants(self.child.id().cast_signed()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        let _ = killpg(self.group(), Signal::SIGKILL);
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again, as it was started before.
    pub(crate) fn restart(&mut self) -> Result<()> {
        self.child = launch(&mut self.command, &self.log)?;
        Ok(())
    }

    /// Waits until `ready` finds what it looks for, while the child lives and no signal comes.
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
                bail!("{} is not ready after {} s; its log: {}", self.name, limit.as_secs(), self.quote());
            }
            stop::pause()?;
        }
    }

    /// Waits for the line `ready URL` that each store prints.
    pub(crate) fn wait_for_ready_line(&mut self, limit: Duration) -> Result<String> {
        self.wait_until(limit, |child| {
            let log = fs::read_to_string(&child.log).ok()?;
            // Whole lines only: the rest may be under way.
            let line = log.split_inclusive('\n').find(|line| line.starts_with("ready ") && line.ends_with('\n'))?;
            Some(line.trim_start_matches("ready ").trim_end().to_owned())
        })
    }

    /// How the child ended, if it has.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Which child died, and its last words.
    pub(crate) fn obituary(&self, status: ExitStatus) -> anyhow::Error {
        anyhow!("{} ended by itself ({status}); its log: {}", self.name, self.quote())
    }

    fn quote(&self) -> String {
        format!("{}\n{}", workspace::shown(&self.log), indented(&last_lines(&self.log, 12)))
    }

    /// Asks the whole group to end.
    pub(crate) fn ask_to_end(&self) {
        let _ = killpg(self.group(), Signal::SIGTERM);
    }

    /// Waits until the child has ended; kills its group when that takes too long. Nothing of the
    /// group is left afterwards.
    pub(crate) fn end(&mut self) {
        self.ask_to_end();
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(stop::TICK);
        }
        let _ = killpg(self.group(), Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// Its process id.
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

/// Runs a command of the set-up to its end, its output appended to `logs/setup.log`.
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

/// Runs a command to its end with the streams it has; a signal ends its whole group.
pub(crate) fn run_in_group(command: Command, state: Option<&State>) -> Result<ExitStatus> {
    wait_in_group(spawn_in_group(command, state)?)
}

/// Starts a command in a group of its own, for [`wait_in_group`].
pub(crate) fn spawn_in_group(mut command: Command, state: Option<&State>) -> Result<Child> {
    stop::check()?;
    let program = PathBuf::from(command.get_program());
    if let Some(state) = state {
        command.env(MARK, state.dir());
    }
    command.process_group(0).spawn().with_context(|| format!("cannot run {}", program.display()))
}

/// Waits for a child of [`spawn_in_group`]; a signal ends its whole group.
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
