//! Prints the steps of a command and how long each took.

use std::io::{IsTerminal as _, Write as _, stdout};
use std::time::Instant;

use anyhow::Result;

/// Runs `work` and prints one line with its title and time.
pub fn step<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let started = Instant::now();
    let live = stdout().is_terminal();
    if live {
        print!("  … {title}");
        let _ = stdout().flush();
    }
    let result = work();
    let mark = if result.is_ok() { '✓' } else { '✗' };
    let seconds = started.elapsed().as_secs_f32();
    clear(live);
    println!("  {mark} {title:<34} {seconds:>7.1} s");
    let _ = stdout().flush();
    result
}

/// Prints a remark about the current step.
pub fn note(text: &str) {
    clear(stdout().is_terminal());
    println!("    {text}");
    let _ = stdout().flush();
}

fn clear(live: bool) {
    if live {
        print!("\r\x1b[2K");
    }
}
