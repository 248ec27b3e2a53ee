//! The daily job: deletes what is older than its project keeps it, and what else has had its time. The cron (once a
//! day, `due.rs`) and `POST /internal/retention/run` run the same code.
//!
//! A run can be stopped anywhere and repeated: each asks what is too old now. One run at a time holds the job in the
//! control plane and records its progress; the next run continues what it left undone.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use super::due::JobState;
use super::expire_report::{Outcome, Outcomes, Report, Status};
use super::inbound::{Inbound, Reply};
use super::{App, rollups};
use crate::config::Config;
use crate::store::{ClickHouse, StoreError};
use intake::error::{ApiError, ErrorCode};
use intake::key::Env;
use intake::set;
use intake::time::Timestamp;
use query::Path;
use statement::Statement;
use upkeep::expiry::{self, Expired, MAX_PROJECTS, Policies, Policy};
use upkeep::rollup::{self, ProjectDay};

const JOB: &str = "retention";
/// How long a run that says nothing is taken to be alive: a statement and some.
const HELD_S: u32 = 90;
/// No statement is begun this long after the run's beginning, in milliseconds.
const RUN_MS: u64 = 120_000;
/// Longest that one statement may take.
const STATEMENT: Duration = Duration::from_mins(1);
/// Longest that the control plane may take.
const CONTROL: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Held {
    granted: bool,
    resume_at: Option<String>,
}

/// A run under way.
struct Run<'a> {
    app: &'a App,
    config: &'a Config,
    holder: String,
    began: Timestamp,
    dry: bool,
}

impl App {
    /// `POST /internal/retention/run`. Needs `INTERNAL_SECRET`; without that setting the route does not exist.
    pub(super) async fn retention_run(&self, request: &impl Inbound) -> Result<Reply, ApiError> {
        let Some(secret) = self.config.as_ref().ok().and_then(|config| config.internal_secret.as_deref()) else {
            return Err(ApiError::new(ErrorCode::NotFound, "there is nothing at this address"));
        };
        let given = request.header("x-internal-secret").unwrap_or_default();
        if !bool::from(given.as_bytes().ct_eq(secret.as_bytes())) {
            return Err(ApiError::new(ErrorCode::InvalidApiKey, "X-Internal-Secret is not the Worker's"));
        }
        let mut dry = false;
        for (name, value) in form_urlencoded::parse(request.query().as_bytes()) {
            dry = match (name.as_ref(), value.as_ref()) {
                ("dry_run", "1" | "true" | "") => true,
                ("dry_run", "0" | "false") => false,
                ("dry_run", _) => return Err(Path::new("?dry_run").fault("must be true or false").into()),
                _ => return Err(ApiError::new(ErrorCode::InvalidParams, "the only parameter is dry_run")),
            };
        }
        let report = self.expire(dry).await.map_err(Failure::outward)?;
        Ok(Reply::of(200, &report)?.header("cache-control", "no-store"))
    }

    /// Runs the daily job if it has not finished today, also to go on with a run that ended before its end.
    pub(super) async fn expire_daily(&self) {
        let Ok(config) = &self.config else { return };
        if !config.clickhouse.is_maintained() {
            (self.runtime.log)("retention is not run: CLICKHOUSE_MAINTAIN_USER is not set");
            return;
        }
        let answer = config.control_plane.call("job_state", json!({ "job": JOB }).to_string(), CONTROL).await;
        let state = answer.and_then(|answer| {
            intake::json::read::<JobState>(&answer).map_err(|error| StoreError::Unusable(error.to_string()))
        });
        match state {
            Ok(state) if state.is_due_daily((self.runtime.now)()) => {}
            Ok(_) => return,
            Err(error) => {
                (self.runtime.log)(&format!("retention was not run: {error:?}"));
                return;
            }
        }
        match self.expire(false).await {
            Ok(report) => {
                let line = serde_json::to_string(&report).unwrap_or_default();
                (self.runtime.log)(&format!("retention: {line}"));
            }
            Err(failure) => (self.runtime.log)(&format!("retention was not run: {failure:?}")),
        }
    }

    async fn expire(&self, dry: bool) -> Result<Report, Failure> {
        let config = self.config.as_ref().map_err(|_| Failure::Unconfigured)?;
        if !config.clickhouse.is_maintained() {
            return Err(Failure::Unconfigured);
        }
        let holder = intake::hex::encode(&(self.runtime.random)().ok_or(Failure::Unconfigured)?);
        Run { app: self, config, holder, began: (self.runtime.now)(), dry }.go().await
    }
}

/// Why a run could not be made at all.
#[derive(Debug)]
enum Failure {
    /// A setting is missing.
    Unconfigured,
    /// The event store does not serve.
    Events(StoreError),
    /// The control plane does not serve.
    Control(StoreError),
}

impl Failure {
    fn outward(self) -> ApiError {
        match self {
            Self::Unconfigured => ApiError::new(
                ErrorCode::InternalError,
                "retention needs CLICKHOUSE_MAINTAIN_USER; GET /ready names what else is missing",
            ),
            Self::Events(error) => error.events(),
            Self::Control(error) => error.control_plane(),
        }
    }
}

impl Run<'_> {
    async fn go(&self) -> Result<Report, Failure> {
        let mut report = Report::new(self.dry);
        if self.dry {
            self.work(String::new(), &mut report).await?;
        } else if let Some(resume_at) = self.hold(None).await? {
            let done = self.work(resume_at, &mut report).await;
            // Given back also after a failure, so that the next run need not wait for the end of the hold.
            let released = self.release(done.is_ok() && report.status == Status::Complete).await;
            done?;
            released?;
        } else {
            report.status = Status::Busy;
        }
        Ok(report.concluded(self.elapsed()))
    }

    async fn work(&self, mut after: String, report: &mut Report) -> Result<(), Failure> {
        self.refresh(report).await?;
        loop {
            let page = self.policies(&after).await?;
            let Some(last) = page.projects.last() else {
                return self.drop_months(page.longest, report).await;
            };
            let mut outcomes = Outcomes::new(&page.projects, self.began);
            let page_done = self.expire_page(&page.projects, &mut outcomes).await;
            // What was deleted before a failure is noted all the same.
            let (worked, outcomes) = (outcomes.any_rows(), outcomes.told());
            self.note(&outcomes).await?;
            report.projects.extend(outcomes);
            // A page on which nothing succeeds must not keep all others from their turn.
            if page_done? || !worked {
                after.clone_from(&last.project_id);
            }
            if self.is_over() {
                report.status = Status::Partial;
                self.hold(Some(&after)).await?;
                return Ok(());
            }
            // Another run has taken over: this one was taken for dead.
            if !self.dry && self.hold(Some(&after)).await?.is_none() {
                report.status = Status::Busy;
                return Ok(());
            }
        }
    }

    /// Everything that is no project's: day keys and refused rows.
    async fn refresh(&self, report: &mut Report) -> Result<(), Failure> {
        let [count, delete] = expiry::dead_letters(self.began);
        report.dead_letters = self.count(count).await?;
        if self.dry {
            return Ok(());
        }
        report.day_keys = self.app.turn_day_keys().await.map_err(Failure::Control)?;
        if report.dead_letters > 0 {
            self.run(delete).await?;
        }
        Ok(())
    }

    async fn policies(&self, after: &str) -> Result<Policies, Failure> {
        let after = Some(after).filter(|after| !after.is_empty());
        let answer = self.control("retention_policies", json!({ "after": after, "most": MAX_PROJECTS })).await?;
        intake::json::read(&answer).map_err(|error| Failure::Control(StoreError::Unusable(error.to_string())))
    }

    /// Whether all that is too old has had its turn.
    async fn expire_page(&self, policies: &[Policy], outcomes: &mut Outcomes) -> Result<bool, Failure> {
        let answer = self.run(expiry::expired(policies, self.began)).await?;
        let expired = expiry::expired_rows(&answer).map_err(unusable)?;
        if self.dry {
            outcomes.count(&expired);
            return Ok(true);
        }
        for of_month in expired.chunk_by(|one, next| one.month == next.month) {
            if self.is_over() || !self.expire_month(policies, of_month, outcomes).await? {
                return Ok(false);
            }
        }
        // Asked for even where no event was found: the last run may have died in between.
        let answer = self.run(expiry::leftovers(policies, self.began)).await?;
        for leftover in expiry::leftover_rows(&answer).map_err(unusable)? {
            self.run(expiry::delete_leftover(leftover, policies, self.began)).await?;
        }
        Ok(true)
    }

    /// Deletes what is too old in one month. Where that fails it is tried again with half the projects each, so
    /// that one that fails stands alone. `false` where another run has taken over.
    async fn expire_month(
        &self,
        policies: &[Policy],
        expired: &[Expired],
        outcomes: &mut Outcomes,
    ) -> Result<bool, Failure> {
        let ids = set::of(expired.iter().map(|one| one.project_id.as_str()));
        let concerned = policies.iter().filter(|policy| ids.contains(policy.project_id.as_str()));
        let mut portions: Vec<Vec<Policy>> = vec![concerned.cloned().collect()];
        let month = expired.first().map_or(0, |one| one.month);
        while let Some(portion) = portions.pop() {
            if self.hold(None).await?.is_none() {
                return Ok(false);
            }
            let begin = self.elapsed();
            match self.delete_month(month, &portion).await {
                Ok(()) => {
                    let deleted = |one: &&Expired| portion.iter().any(|policy| policy.project_id == one.project_id);
                    outcomes.count(expired.iter().filter(deleted));
                    outcomes.took(&portion, self.elapsed().saturating_sub(begin));
                }
                Err(Failure::Events(error)) if rollups::concerns_the_statement(&error) => {
                    if let [one] = portion.as_slice() {
                        let line = format!("retention: {month} of {} failed: {error:?}", one.project_id);
                        (self.app.runtime.log)(&line);
                        outcomes.failed(&one.project_id);
                    } else {
                        let (first, second) = portion.split_at(portion.len() / 2);
                        portions.extend([second.to_vec(), first.to_vec()]);
                    }
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(true)
    }

    async fn delete_month(&self, month: u32, policies: &[Policy]) -> Result<(), Failure> {
        // The first kept day may have had sessions that began the day before. Marked on both sides: after a kill
        // in between nobody would know, and a computation may begin while rows are being deleted.
        let marks = |env| {
            policies.iter().map(move |policy| ProjectDay {
                project_id: policy.project_id.clone(),
                env,
                day: expiry::cutoff(self.began, policy.retention_days),
            })
        };
        let days: Vec<ProjectDay> = [Env::Live, Env::Test].into_iter().flat_map(marks).collect();
        self.mark(&days).await?;
        self.run(expiry::delete_events(month, policies, self.began)).await?;
        if let Some(statement) = expiry::purge(month, policies, self.began) {
            self.run(statement).await?;
        }
        self.mark(&days).await
    }

    async fn mark(&self, days: &[ProjectDay]) -> Result<(), Failure> {
        for days in days.chunks(MAX_PROJECTS) {
            self.run(rollup::mark(days)).await?;
        }
        Ok(())
    }

    /// Months that nobody keeps any of go whole, projects that no longer exist included.
    async fn drop_months(&self, longest: Option<u32>, report: &mut Report) -> Result<(), Failure> {
        let Some(longest) = longest else { return Ok(()) };
        let answer = self.run(expiry::droppable(longest, self.began)).await?;
        report.dropped_months = expiry::months(&answer).map_err(unusable)?;
        if !self.dry {
            for month in &report.dropped_months {
                self.run(expiry::drop_month(*month)).await?;
            }
        }
        Ok(())
    }

    async fn note(&self, outcomes: &[Outcome]) -> Result<(), Failure> {
        if self.dry || outcomes.is_empty() {
            return Ok(());
        }
        let rows: Vec<Value> = outcomes.iter().map(Outcome::noted).collect();
        self.control("retention_note", json!({ "rows": rows })).await.map(|_| ())
    }

    /// Takes the job or keeps it, noting how far it is; where the last run had got to. `None`: another run has it.
    async fn hold(&self, resume_at: Option<&str>) -> Result<Option<String>, Failure> {
        let resume_at = resume_at.filter(|at| !at.is_empty());
        let arguments = json!({ "job": JOB, "holder": self.holder, "seconds": HELD_S, "resume_at": resume_at });
        let answer = self.control("job_hold", arguments).await?;
        let held: Held =
            intake::json::read(&answer).map_err(|error| Failure::Control(StoreError::Unusable(error.to_string())))?;
        Ok(held.granted.then(|| held.resume_at.unwrap_or_default()))
    }

    async fn release(&self, finished: bool) -> Result<(), Failure> {
        let arguments = json!({ "job": JOB, "holder": self.holder, "finished": finished });
        self.control("job_release", arguments).await.map(|_| ())
    }

    async fn control(&self, function: &'static str, arguments: Value) -> Result<Vec<u8>, Failure> {
        self.config.control_plane.call(function, arguments.to_string(), CONTROL).await.map_err(Failure::Control)
    }

    async fn run(&self, statement: Statement) -> Result<Vec<u8>, Failure> {
        execute(&self.config.clickhouse, statement).await.map_err(Failure::Events)
    }

    async fn count(&self, statement: Statement) -> Result<u64, Failure> {
        let answer = self.run(statement).await?;
        expiry::number(&answer).ok_or_else(|| unusable("no number of rows".to_owned()))
    }

    /// Milliseconds since the run began.
    fn elapsed(&self) -> u64 {
        u64::try_from((self.app.runtime.now)().0 - self.began.0).unwrap_or(0)
    }

    fn is_over(&self) -> bool {
        self.elapsed() > RUN_MS
    }
}

fn unusable(reason: String) -> Failure {
    Failure::Events(StoreError::Unusable(reason))
}

async fn execute(store: &ClickHouse, statement: Statement) -> Result<Vec<u8>, StoreError> {
    store.execute(statement.sql, &statement.parameters, rollup::SETTINGS, STATEMENT).await
}
