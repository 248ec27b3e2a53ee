//! Stops the server when this process dies, even by SIGKILL.

use tokio::process::Command;

/// Makes the kernel send SIGQUIT (PostgreSQL's immediate shutdown) to the child when this process dies.
///
/// The kernel watches the thread that spawns the child, so call `spawn` on the main thread.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(super) fn end_with_parent(command: &mut Command) {
    use nix::{
        errno::Errno,
        sys::{prctl::set_pdeathsig, signal::Signal},
        unistd::{getpid, getppid},
    };

    let parent = getpid();
    let arm = move || {
        set_pdeathsig(Signal::SIGQUIT)?;
        // The parent may have died before the signal was set.
        if getppid() == parent { Ok(()) } else { Err(Errno::ESRCH.into()) }
    };
    // SAFETY: between fork and exec only prctl and getppid run, which are async-signal-safe, and
    // neither the success nor the error path allocates.
    unsafe {
        command.pre_exec(arm);
    }
}

/// Other systems have no such signal. There the server stops only with its supervisor's signals.
#[cfg(not(target_os = "linux"))]
pub(super) fn end_with_parent(_: &mut Command) {}
