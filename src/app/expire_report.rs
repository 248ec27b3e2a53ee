//! What a run of the daily job ([`super::expire`]) has done, as a whole and for each project.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use intake::time::Timestamp;
use upkeep::expiry::{self, Expired, Policy};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// All projects were looked at.
    Complete,
    /// The time is up; the next run continues from here.
    Partial,
    /// Another run is under way.
    Busy,
}

/// What a run of the daily job has done.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "RetentionRun"))]
pub(crate) struct Report {
    /// Whether no project failed.
    ok: bool,
    pub(super) status: Status,
    /// Whether the run only counted.
    dry_run: bool,
    /// Projects that had something to delete, or failed.
    pub(super) projects: Vec<Outcome>,
    /// Months (`YYYYMM`) that were older than every project keeps its events, and were dropped whole.
    pub(super) dropped_months: Vec<u32>,
    /// Refused rows older than 14 days.
    pub(super) dead_letters: u64,
    /// Day keys that were destroyed.
    pub(super) day_keys: u64,
    /// Duration in milliseconds.
    took_ms: u64,
}

impl Report {
    /// Of a run that has done nothing yet.
    pub(super) fn new(dry_run: bool) -> Self {
        Self {
            ok: true,
            status: Status::Complete,
            dry_run,
            projects: Vec::new(),
            dropped_months: Vec::new(),
            dead_letters: 0,
            day_keys: 0,
            took_ms: 0,
        }
    }

    /// The report of a run that took so many milliseconds.
    pub(super) fn concluded(mut self, took_ms: u64) -> Self {
        self.ok = self.projects.iter().all(|project| !project.failed);
        self.took_ms = took_ms;
        self
    }
}

/// What a run has done for one project.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub(crate) struct Outcome {
    #[cfg_attr(test, schemars(extend("format" = "uuid")))]
    project_id: String,
    slug: String,
    /// First day (UTC) that is kept.
    #[cfg_attr(test, schemars(extend("format" = "date")))]
    kept_from: String,
    /// Rows deleted, repeated ones included, by data set; in a dry run those to be deleted.
    rows: BTreeMap<&'static str, u64>,
    /// Milliseconds that the statements took which deleted them; projects share statements.
    took_ms: u64,
    /// Whether something was left undone by a failure.
    failed: bool,
}

impl Outcome {
    /// The row of it that the control plane keeps.
    pub(super) fn noted(&self) -> Value {
        let Self { project_id, kept_from, rows, took_ms, failed, .. } = self;
        let detail = json!({ "kept_from": kept_from, "rows": rows, "took_ms": took_ms, "failed": failed });
        json!({ "project_id": project_id, "detail": detail })
    }
}

/// Outcomes of a page of projects, by id.
pub(super) struct Outcomes(BTreeMap<String, Outcome>);

impl Outcomes {
    /// Nothing done yet, for any of them.
    pub(super) fn new(policies: &[Policy], now: Timestamp) -> Self {
        let outcome = |policy: &Policy| Outcome {
            project_id: policy.project_id.clone(),
            slug: policy.slug.clone(),
            kept_from: expiry::cutoff(now, policy.retention_days).to_iso(),
            rows: BTreeMap::new(),
            took_ms: 0,
            failed: false,
        };
        let mut outcomes = BTreeMap::new();
        outcomes.extend(policies.iter().map(|policy| (policy.project_id.clone(), outcome(policy))));
        Self(outcomes)
    }

    /// These rows are gone (in a dry run: they would be).
    pub(super) fn count<'a>(&mut self, expired: impl IntoIterator<Item = &'a Expired>) {
        for one in expired {
            if let Some(outcome) = self.0.get_mut(&one.project_id) {
                *outcome.rows.entry(one.env.as_str()).or_default() += one.rows;
            }
        }
    }

    /// Whether anything was deleted.
    pub(super) fn any_rows(&self) -> bool {
        self.0.values().any(|one| !one.rows.is_empty())
    }

    /// A statement for these projects took so long.
    pub(super) fn took(&mut self, policies: &[Policy], milliseconds: u64) {
        for policy in policies {
            if let Some(outcome) = self.0.get_mut(&policy.project_id) {
                outcome.took_ms += milliseconds;
            }
        }
    }

    /// Something of this one was left undone.
    pub(super) fn failed(&mut self, project_id: &str) {
        if let Some(outcome) = self.0.get_mut(project_id) {
            outcome.failed = true;
        }
    }

    /// Those that had something to delete, or failed.
    pub(super) fn told(self) -> Vec<Outcome> {
        self.0.into_values().filter(|one| one.failed || !one.rows.is_empty()).collect()
    }
}
