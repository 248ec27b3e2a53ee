//! The wish to stop: Ctrl-C, SIGTERM, or the terminal going away.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

static REQUESTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// How often whoever waits looks around.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// Somebody asked to stop.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped")
    }
}

impl std::error::Error for Interrupted {}

/// From now on the signals are noted, and end nothing by themselves.
pub(crate) fn listen() {
    let flag = REQUESTED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // Fails for signals that cannot be caught only, which these are not.
        let _ = signal_hook::flag::register(signal, Arc::clone(flag));
    }
}

/// Whether a signal has come.
pub(crate) fn requested() -> bool {
    REQUESTED.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// Ends the work at hand once a signal has come.
pub(crate) fn check() -> Result<(), Interrupted> {
    if requested() { Err(Interrupted) } else { Ok(()) }
}

/// Waits a moment, or less when a signal comes.
pub(crate) fn pause() -> Result<(), Interrupted> {
    check()?;
    std::thread::sleep(TICK);
    check()
}
