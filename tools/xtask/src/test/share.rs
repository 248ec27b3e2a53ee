//! How much of the processors this process gets beside what else runs.

use std::fs;
use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

/// How long it is measured: several time slices of the scheduler.
const SPAN: Duration = Duration::from_millis(400);

/// The share of the processors that a process with a thread for each of them gets: 1 on an idle machine, a half beside
/// as many threads that never wait. 1 where the system does not tell.
pub(super) fn share() -> f64 {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let measured: Vec<_> = (0..threads).map(|_| thread::spawn(own)).collect();
    let shares: Vec<f64> = measured.into_iter().filter_map(|thread| thread.join().ok().flatten()).collect();
    if shares.is_empty() {
        1.0
    } else {
        shares.iter().sum::<f64>() / f64::from(u32::try_from(shares.len()).unwrap_or(1))
    }
}

/// The share of one processor that a thread gets that never waits.
fn own() -> Option<f64> {
    let (begun, before) = (Instant::now(), processed()?);
    while begun.elapsed() < SPAN {
        black_box(());
    }
    Some(processed()?.saturating_sub(before).as_secs_f64() / begun.elapsed().as_secs_f64())
}

/// The time that this thread has been on a processor.
fn processed() -> Option<Duration> {
    // https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_a_share() {
        let found = share();
        assert!(found > 0.0 && found < 1.1, "{found}");
    }
}
