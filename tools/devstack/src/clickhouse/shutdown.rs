//! The end of the process, within five seconds whatever the engine does.

use std::thread;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::ffi::exit_now;

/// Time after the first signal at which the process ends in any case. A busy engine neither heeds
/// signals nor lets exit handlers come to an end.
const LAST_MOMENT: Duration = Duration::from_secs(4);

/// SIGTERM and SIGINT.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes over both signals from now on.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the first of them, and sees to it that the process ends soon after.
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
