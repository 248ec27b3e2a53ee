//! CPU time of another process, from the kernel's process clock.

use std::time::Duration;

use anyhow::{Context, Result};
use nix::time::ClockId;
use nix::unistd::Pid;

/// User and system time of all threads of a process since it started, in nanoseconds.
pub(super) fn of(process: u32) -> Result<Duration> {
    let time = i32::try_from(process)
        .ok()
        .and_then(|process| ClockId::pid_cpu_clock_id(Pid::from_raw(process)).ok()?.now().ok());
    time.map(Duration::from).with_context(|| format!("cannot read the CPU time of process {process}"))
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn time_passes_with_work() {
        let process = std::process::id();
        let before = of(process).unwrap();
        let mut sum = 0_u64;
        while of(process).unwrap() == before {
            sum = std::hint::black_box(sum + 1);
        }
    }
}
