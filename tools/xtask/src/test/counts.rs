//! What the suites said.

use std::fmt;
use std::ops::AddAssign;

/// Counts of tests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Tests that passed.
    pub(crate) passed: usize,
    /// Tests that failed, and suites that ended without saying which test did.
    pub(crate) failed: usize,
    /// Tests that were not run.
    pub(crate) skipped: usize,
}

impl Counts {
    /// Adds a line of cargo's output, if it is the summary of a test binary.
    pub(crate) fn add_cargo_line(&mut self, line: &str) {
        let Some(summary) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        for part in summary.1.split("; ") {
            match part.split_once(' ') {
                Some((count, "passed")) => self.passed += count.parse().unwrap_or(0),
                Some((count, "failed")) => self.failed += count.parse().unwrap_or(0),
                Some((count, "ignored")) => self.skipped += count.parse().unwrap_or(0),
                _ => {}
            }
        }
    }

    /// Reads the summary at the end of Node's report in TAP form.
    pub(crate) fn of_tap(report: &str) -> Self {
        let mut counts = Self::default();
        for line in report.lines() {
            let Some((what, count)) = line.strip_prefix("# ").and_then(|rest| rest.split_once(' ')) else {
                continue;
            };
            let count = count.parse().unwrap_or(0);
            match what {
                "pass" => counts.passed = count,
                "fail" | "cancelled" => counts.failed += count,
                "skipped" | "todo" => counts.skipped += count,
                _ => {}
            }
        }
        counts
    }

    /// Takes the exit code into account: a suite that broke off without counts has failed, too.
    pub(crate) fn concluded(mut self, success: bool) -> Self {
        if !success && self.failed == 0 {
            self.failed = 1;
        }
        self
    }

    /// Whether nothing failed.
    pub(crate) fn success(&self) -> bool {
        self.failed == 0
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    #[test]
    fn cargos_summaries_add_up() {
        let mut counts = Counts::default();
        counts.add_cargo_line("running 3 tests");
        counts.add_cargo_line(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s",
        );
        counts.add_cargo_line(
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        );
        assert_eq!(counts.to_string(), "4 passed, 2 failed, 1 skipped");
    }

    #[test]
    fn nodes_summary_is_read() {
        let report = "TAP version 13\nok 1 - a\n# tests 7\n# suites 1\n# pass 4\n# fail 1\n# cancelled 1\n# skipped 1\n# todo 0\n";
        assert_eq!(Counts::of_tap(report).to_string(), "4 passed, 2 failed, 1 skipped");
    }

    #[test]
    fn a_suite_that_breaks_off_has_failed() {
        assert!(!Counts::default().concluded(false).success());
        assert!(Counts::default().concluded(true).success());
    }
}
