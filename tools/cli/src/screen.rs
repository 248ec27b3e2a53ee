//! Progress of a long command, on standard error.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

/// Between two drawings on a terminal.
const LIVE: Duration = Duration::from_millis(150);
/// Between two lines anywhere else.
const QUIET: Duration = Duration::from_secs(15);
const BAR: usize = 24;

/// A progress bar on a terminal, and an occasional line elsewhere.
pub struct Screen {
    started: Instant,
    drawn: Instant,
    live: bool,
}

impl Default for Screen {
    /// Starts the clock.
    fn default() -> Self {
        let now = Instant::now();
        Self { started: now, drawn: now, live: stderr().is_terminal() }
    }
}

impl Screen {
    /// Time since the beginning.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Draws, if it is time: the share that is done, if known, and the text of `counts`.
    pub fn update(&mut self, share: Option<f64>, counts: impl FnOnce(Duration) -> String) {
        if self.drawn.elapsed() < if self.live { LIVE } else { QUIET } {
            return;
        }
        self.drawn = Instant::now();
        let line = line(share, &counts(self.elapsed()));
        if self.live {
            eprint!("\r\x1b[2K{line}");
            let _ = stderr().flush();
        } else {
            eprintln!("{line}");
        }
    }

    /// Prints something that stays.
    pub fn say(&self, text: &str) {
        self.clear();
        eprintln!("  {text}");
    }

    /// Removes the bar.
    pub fn clear(&self) {
        if self.live {
            eprint!("\r\x1b[2K");
            let _ = stderr().flush();
        }
    }
}

fn line(share: Option<f64>, counts: &str) -> String {
    let Some(share) = share else { return format!("  {counts}") };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share lies between 0 and 1")]
    #[expect(clippy::cast_precision_loss, reason = "a bar is short")]
    let filled = ((share * BAR as f64) as usize).min(BAR);
    format!("  [{}{}] {:>3.0}%  {counts}", "#".repeat(filled), ".".repeat(BAR - filled), share * 100.0)
}

/// `1,234,567`.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_where_the_share_is_known() {
        assert_eq!(line(Some(0.5), "7 done"), "  [############............]  50%  7 done");
        assert_eq!(line(None, "7 done"), "  7 done");
        assert!(line(Some(1.0), "").contains("100%"));
    }

    #[test]
    fn digits_in_groups() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
