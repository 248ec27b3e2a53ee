//! Processor time of another process, as the kernel counts it.

use std::time::Duration;

use anyhow::{Context, Result};
use nix::time::ClockId;
use nix::unistd::Pid;

/// User and system time of all threads of a process since its start, to the nanosecond.
pub(super) fn of(process: u32) -> Result<Duration> {
    let time = i32::try_from(process)
        .ok()
        .and_then(|process| ClockId::pid_cpu_clock_id(Pid::from_raw(process)).ok()?.now().ok());
    time.map(Duration::from).with_context(|| format!("the processor time of process {process} cannot be read"))
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
