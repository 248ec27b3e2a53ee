//! Ties the server's life to this process, so that even SIGKILL leaves no server behind.

use tokio::process::Command;

/// Makes the child receive SIGQUIT (PostgreSQL's immediate shutdown) when this process dies.
///
/// The kernel watches the thread that starts the child: call `spawn` on the main thread.
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
        // The parent may have died before the line above took effect.
        if getppid() == parent { Ok(()) } else { Err(Errno::ESRCH.into()) }
    };
    // SAFETY: between fork and exec only prctl and getppid run, which are async-signal-safe, and
    // neither the success nor the error path allocates.
    unsafe {
        command.pre_exec(arm);
    }
}

/// Other systems have no such signal; there the server ends with its supervisor's own signals.
#[cfg(not(target_os = "linux"))]
pub(super) fn end_with_parent(_: &mut Command) {}
