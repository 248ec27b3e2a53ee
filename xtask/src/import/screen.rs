//! What is seen of an import while it runs, on standard error.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::{Duration, Instant};

use super::log::Progress;
use super::tally::{Tally, grouped};

/// Between two drawings on a terminal.
const LIVE: Duration = Duration::from_millis(150);
/// Between two lines anywhere else.
const QUIET: Duration = Duration::from_secs(15);
const BAR: usize = 24;

/// A progress bar on a terminal, and now and then a line where there is none.
pub(crate) struct Screen {
    progress: Progress,
    started: Instant,
    drawn: Instant,
    live: bool,
}

impl Screen {
    /// Begins to watch.
    pub(crate) fn new(progress: Progress) -> Self {
        let now = Instant::now();
        Self { progress, started: now, drawn: now, live: stderr().is_terminal() }
    }

    /// Time since the beginning.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Draws, if it is time.
    pub(crate) fn update(&mut self, tally: &Tally) {
        if self.drawn.elapsed() < if self.live { LIVE } else { QUIET } {
            return;
        }
        self.drawn = Instant::now();
        let line = line(self.progress.share(), tally, self.elapsed());
        if self.live {
            eprint!("\r\x1b[2K{line}");
            let _ = stderr().flush();
        } else {
            eprintln!("{line}");
        }
    }

    /// Prints something that stays.
    pub(crate) fn say(&self, text: &str) {
        self.clear();
        eprintln!("  {text}");
    }

    /// Takes the bar away.
    pub(crate) fn clear(&self) {
        if self.live {
            eprint!("\r\x1b[2K");
            let _ = stderr().flush();
        }
    }
}

fn line(share: Option<f64>, tally: &Tally, time: Duration) -> String {
    let counts =
        format!("{} lines, {} events stored, {:.0}/s", grouped(tally.lines), grouped(tally.accepted), tally.rate(time));
    let Some(share) = share else { return format!("  {counts}") };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share lies between 0 and 1")]
    #[expect(clippy::cast_precision_loss, reason = "a bar is short")]
    let filled = ((share * BAR as f64) as usize).min(BAR);
    format!("  [{}{}] {:>3.0}%  {counts}", "#".repeat(filled), ".".repeat(BAR - filled), share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_where_the_size_is_known() {
        let tally = Tally { lines: 12_345, accepted: 1000, ..Tally::default() };
        let shown = line(Some(0.5), &tally, Duration::from_secs(2));
        assert_eq!(shown, "  [############............]  50%  12,345 lines, 1,000 events stored, 500/s");
        assert_eq!(line(None, &tally, Duration::from_secs(2)), "  12,345 lines, 1,000 events stored, 500/s");
        assert!(line(Some(1.0), &tally, Duration::ZERO).contains("100%"));
    }
}
