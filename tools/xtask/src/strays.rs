//! Finds and stops processes that a stack left behind.
//!
//! Every child has `HEADWATER_STATE=<state folder>` in its environment and passes it on to its children. Some programs
//! overwrite their environment (PostgreSQL's workers do), so descendants of marked processes are included.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::process::MARK;
use crate::stop;

/// A process of the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stray {
    /// Its process id.
    pub(crate) pid: i32,
    /// Name of the executable, as the kernel reports it.
    pub(crate) name: String,
}

/// All processes of the state folder, except this one and its ancestors.
pub(crate) fn of(state_dir: &Path) -> Vec<Stray> {
    let processes = processes();
    let own = ancestors(&processes, std::process::id().cast_signed());
    let mut mark = format!("{MARK}=").into_bytes();
    mark.extend_from_slice(state_dir.as_os_str().as_bytes());

    let marked = processes.keys().copied().filter(|pid| !own.contains(pid) && has_mark(*pid, &mark)).collect();
    with_descendants(marked, &processes)
        .into_iter()
        .filter(|pid| !own.contains(pid))
        .filter_map(|pid| processes.get(&pid).map(|process| Stray { pid, name: process.name.clone() }))
        .collect()
}

/// All descendants of a process.
pub(crate) fn descendants(pid: i32) -> Vec<i32> {
    let found = with_descendants(BTreeSet::from([pid]), &processes());
    found.into_iter().filter(|found| *found != pid).collect()
}

fn with_descendants(mut found: BTreeSet<i32>, processes: &BTreeMap<i32, Process>) -> BTreeSet<i32> {
    loop {
        let children: Vec<i32> = processes
            .iter()
            .filter(|(pid, process)| found.contains(&process.parent) && !found.contains(pid))
            .map(|(pid, _)| *pid)
            .collect();
        if children.is_empty() {
            return found;
        }
        found.extend(children);
    }
}

/// Stops all processes of the state folder and waits until they have exited. Returns their number.
pub(crate) fn end(state_dir: &Path) -> Result<usize> {
    let found = of(state_dir);
    if found.is_empty() {
        return Ok(0);
    }
    for stray in &found {
        // On SIGTERM PostgreSQL waits for its clients; on SIGINT it disconnects them and shuts down cleanly.
        let signal = if stray.name == "postgres" { Signal::SIGINT } else { Signal::SIGTERM };
        let _ = kill(Pid::from_raw(stray.pid), signal);
    }
    if !gone(state_dir, &found, Duration::from_secs(6)) {
        for stray in of(state_dir).iter().chain(&found) {
            let _ = kill(Pid::from_raw(stray.pid), Signal::SIGKILL);
        }
        if !gone(state_dir, &found, Duration::from_secs(5)) {
            bail!("processes of {} do not stop: {:?}", state_dir.display(), of(state_dir));
        }
    }
    Ok(found.len())
}

/// Whether the known processes, and any they have started since, exit within `limit`.
fn gone(state_dir: &Path, known: &[Stray], limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        let living = processes();
        let known_left = known.iter().any(|stray| living.get(&stray.pid).is_some_and(|p| p.name == stray.name));
        if !known_left && of(state_dir).is_empty() {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(stop::TICK);
    }
}

struct Process {
    name: String,
    parent: i32,
}

/// All processes by id, without zombies.
fn processes() -> BTreeMap<i32, Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read(entry.path().join("stat")).ok()?;
            Some((pid, parse_stat(&String::from_utf8_lossy(&stat))?))
        })
        .collect()
}

/// Parses `pid (name) state ppid …`. The name may contain spaces and parentheses. Returns `None` for a zombie.
fn parse_stat(stat: &str) -> Option<Process> {
    let (head, tail) = stat.rsplit_once(')')?;
    let name = head.split_once('(')?.1.to_owned();
    let mut fields = tail.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    Some(Process { name, parent: fields.next()?.parse().ok()? })
}

fn ancestors(processes: &BTreeMap<i32, Process>, pid: i32) -> BTreeSet<i32> {
    let mut found = BTreeSet::new();
    let mut next = Some(pid);
    while let Some(pid) = next.filter(|pid| found.insert(*pid)) {
        next = processes.get(&pid).map(|process| process.parent);
    }
    found
}

fn has_mark(pid: i32, mark: &[u8]) -> bool {
    // Fails for processes of other users, which never belong to the stack.
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environ| environ.split(|byte| *byte == 0).any(|v| v == mark))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{end, of, parse_stat};
    use crate::process::MARK;

    #[test]
    fn a_name_with_parentheses_is_read() {
        let process = parse_stat("12 (a (b) c) S 7 12 12").unwrap();
        assert_eq!((process.name.as_str(), process.parent), ("a (b) c", 7));
        assert!(parse_stat("12 (gone) Z 7").is_none());
    }

    #[test]
    fn marked_processes_and_their_children_are_found_and_ended() {
        let state = std::env::temp_dir().join(format!("strays-{}", std::process::id()));
        let mut parent = Command::new("sh").args(["-c", "env -i sleep 60 & wait"]).env(MARK, &state).spawn().unwrap();
        let found = loop {
            let found = of(&state);
            if found.iter().any(|stray| stray.name == "sleep") {
                break found;
            }
            std::thread::yield_now();
        };
        assert!(found.iter().any(|stray| stray.pid == i32::try_from(parent.id()).unwrap()));
        assert!(end(&state).unwrap() >= 2);
        assert!(of(&state).is_empty());
        parent.wait().unwrap();
    }
}
