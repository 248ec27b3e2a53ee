//! Requests to stop: Ctrl-C, SIGTERM, or a closed terminal.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

static REQUESTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// How often waiting code checks for a request to stop.
pub const TICK: Duration = Duration::from_millis(50);

/// A signal asked to stop.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped")
    }
}

impl std::error::Error for Interrupted {}

/// From now on the signals are recorded and do not end the process.
pub fn listen() {
    let flag = REQUESTED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // Fails for signals that cannot be caught only, which these are not.
        let _ = signal_hook::flag::register(signal, Arc::clone(flag));
    }
}

/// Whether a signal has arrived.
pub fn requested() -> bool {
    REQUESTED.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// Fails once a signal has arrived.
pub fn check() -> Result<(), Interrupted> {
    if requested() { Err(Interrupted) } else { Ok(()) }
}

/// Waits for a moment, or less if a signal arrives.
pub fn pause() -> Result<(), Interrupted> {
    check()?;
    std::thread::sleep(TICK);
    check()
}
