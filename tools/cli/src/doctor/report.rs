//! Findings, and how they are printed.

use std::process::ExitCode;

use serde::Serialize;
use serde_json::json;

use crate::format::Format;
use crate::stop::{self, Interrupted};
use crate::table::clean;

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Ok,
    /// Works now; somebody should look at it.
    Warning,
    Failed,
    /// Could not be checked, for lack of an address or because something before it failed.
    Skipped,
}

impl Status {
    fn mark(self) -> char {
        match self {
            Self::Ok => '✓',
            Self::Warning => '!',
            Self::Failed => '✗',
            Self::Skipped => '-',
        }
    }
}

/// A check, its result, and how to repair what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// A name for scripts.
    pub(super) check: &'static str,
    pub(super) status: Status,
    pub(super) message: String,
    /// What to do; `null` in JSON if nothing is wrong.
    pub(super) fix: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, message: message.into(), fix: None }
    }

    pub(super) fn warning(check: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, status: Status::Warning, message: message.into(), fix: Some(fix.into()) }
    }

    pub(super) fn failed(check: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, status: Status::Failed, message: message.into(), fix: Some(fix.into()) }
    }

    pub(super) fn skipped(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, status: Status::Skipped, message: message.into(), fix: None }
    }

    fn lines(&self) -> Vec<String> {
        let name = self.check.replace('_', " ");
        let mut lines = vec![format!("{} {name:<26}{}", self.status.mark(), clean(&self.message))];
        if let Some(fix) = &self.fix {
            lines.extend(fix.lines().enumerate().map(|(number, line)| {
                let lead = if number == 0 { "fix: " } else { "     " };
                format!("    {lead}{}", clean(line))
            }));
        }
        lines
    }
}

/// Prints findings as they come, and counts them.
pub(super) struct Report {
    format: Format,
    statuses: Vec<Status>,
}

impl Report {
    pub(super) fn new(format: Format) -> Self {
        Self { format, statuses: Vec::new() }
    }

    pub(super) fn add(&mut self, finding: &Finding) {
        self.format.show(&json!(finding), |_| {
            for line in finding.lines() {
                println!("{line}");
            }
        });
        self.statuses.push(finding.status);
    }

    /// Adds the findings of one part; fails once a signal has asked to stop.
    pub(super) fn add_all(&mut self, findings: &[Finding]) -> Result<(), Interrupted> {
        for finding in findings {
            self.add(finding);
        }
        stop::check()
    }

    /// Prints the sum; the exit code of the whole.
    pub(super) fn finish(self) -> ExitCode {
        if !self.format.json {
            println!("\n{}", self.summary());
        }
        if self.count(Status::Failed) > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    fn count(&self, status: Status) -> usize {
        self.statuses.iter().filter(|one| **one == status).count()
    }

    fn summary(&self) -> String {
        let [ok, warnings, failed, skipped] =
            [Status::Ok, Status::Warning, Status::Failed, Status::Skipped].map(|status| self.count(status));
        format!("{} checks: {ok} ok, {warnings} warnings, {failed} failed, {skipped} skipped", self.statuses.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failed_check_fails_the_whole() {
        let code = |findings: Vec<Finding>| {
            let mut report = Report::new(Format { json: true });
            report.statuses = findings.iter().map(|finding| finding.status).collect();
            assert!(report.summary().starts_with(&format!("{} checks: ", findings.len())));
            report.finish()
        };
        let (ok, skipped) = (Finding::ok("a", ""), Finding::skipped("a", ""));
        let (warning, failed) = (Finding::warning("a", "", ""), Finding::failed("a", "", ""));
        assert_eq!(code(vec![ok.clone(), skipped, warning]), ExitCode::SUCCESS);
        assert_eq!(code(vec![failed, ok]), ExitCode::FAILURE);
    }

    #[test]
    fn a_fix_stands_below_its_finding() {
        let finding = Finding::failed("dead_letters", "3 rows\u{1b}", "look\nagain");
        assert_eq!(finding.lines(), ["✗ dead letters              3 rows ", "    fix: look", "         again"]);
        assert_eq!(json!(finding)["status"], "failed");
    }
}
