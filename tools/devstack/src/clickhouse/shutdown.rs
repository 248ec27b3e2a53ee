//! Ends the process within five seconds of a signal, even if the engine hangs.

use std::thread;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::ffi::exit_now;

/// Time after the first signal at which the process exits in any case. A busy engine ignores signals and blocks exit
/// handlers.
const LAST_MOMENT: Duration = Duration::from_secs(4);

/// SIGTERM and SIGINT.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Starts to catch both signals.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the first signal, and starts a thread that exits the process after [`LAST_MOMENT`].
    pub(super) async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        thread::spawn(|| {
            thread::sleep(LAST_MOMENT);
            exit_now(0);
        });
    }
}
