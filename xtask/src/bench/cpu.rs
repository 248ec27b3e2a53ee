//! Processor time of another process, as the kernel counts it.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// The unit of `/proc/PID/stat`: `USER_HZ`, a hundredth of a second on every machine that runs workerd.
const TICK: Duration = Duration::from_millis(10);

/// User and system time of all threads of a process since its start.
pub(super) fn of(process: u32) -> Result<Duration> {
    let path = format!("/proc/{process}/stat");
    let stat = fs::read(&path).with_context(|| format!("cannot read {path}: benches need Linux"))?;
    ticks(&String::from_utf8_lossy(&stat)).map(|ticks| TICK * ticks).with_context(|| format!("{path} has no times"))
}

/// Reads `pid (name) state ppid … utime stime …`; the name may hold spaces and parentheses.
fn ticks(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11);
    let user: u32 = times.next()?.parse().ok()?;
    let system: u32 = times.next()?.parse().ok()?;
    user.checked_add(system)
}

#[cfg(test)]
mod tests {
    use super::{of, ticks};

    #[test]
    fn user_and_system_time_are_added() {
        let stat = "7 (work (er) d) S 1 7 7 0 -1 4194560 9000 0 3 0 120 34 0 0 20 0 9 0 55 1 2 3";
        assert_eq!(ticks(stat), Some(154));
        assert_eq!(ticks("7 (workerd) S 1"), None);
    }

    #[test]
    fn this_process_has_times() {
        of(std::process::id()).unwrap();
    }
}
