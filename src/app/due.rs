//! Which jobs of the cron are due. The triggers' times (`wrangler.toml`) do not say it: any of them may be changed, and
//! one that was missed is made up for by the next.

use serde::Deserialize;

use intake::time::{Day, Timestamp};

/// The time of day, UTC, from which on the daily job is due: 04:17, in milliseconds.
const DAILY_MS: i64 = (4 * 60 + 17) * 60_000;

/// What the control plane knows of a job (`job_state`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct JobState {
    /// A run is under way.
    held: bool,
    /// When the last run finished; `None`: never, or it ended before its end.
    finished_ms: Option<i64>,
}

impl JobState {
    /// Whether the daily job is due: it has not finished since the last 04:17, and no run is under way.
    pub(super) fn is_due_daily(self, now: Timestamp) -> bool {
        let today = now.day().start().plus(DAILY_MS);
        let last = if today > now { Day(now.day().0 - 1).start().plus(DAILY_MS) } else { today };
        !self.held && self.finished_ms.is_none_or(|at| at < last.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let (day, time) = text.split_once(' ').unwrap();
        let (hours, minutes) = time.split_once(':').unwrap();
        let minutes = hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap();
        Day::parse(day).unwrap().start().plus(minutes * 60_000)
    }

    /// The ticks at which the job runs, each run taking no time.
    fn runs(ticks: &[&'static str]) -> Vec<&'static str> {
        let mut state = JobState { held: false, finished_ms: Some(at("2026-11-30 04:20").0) };
        let mut ran = Vec::new();
        for tick in ticks {
            if state.is_due_daily(at(tick)) {
                ran.push(*tick);
                state.finished_ms = Some(at(tick).0);
            }
        }
        ran
    }

    #[test]
    fn it_runs_once_a_day_whenever_the_cron_ticks() {
        // `*/5 * * * *`
        let often =
            ["2026-11-30 23:55", "2026-12-01 00:00", "2026-12-01 04:15", "2026-12-01 04:20", "2026-12-01 04:25"];
        assert_eq!(runs(&often), ["2026-12-01 04:20"]);
        // `17 4 * * *`, `0 9 * * *`, `59 3 * * *`: another text, the same job.
        assert_eq!(runs(&["2026-12-01 04:17", "2026-12-02 04:17"]), ["2026-12-01 04:17", "2026-12-02 04:17"]);
        assert_eq!(runs(&["2026-12-01 09:00", "2026-12-02 09:00"]), ["2026-12-01 09:00", "2026-12-02 09:00"]);
        assert_eq!(runs(&["2026-12-01 03:59", "2026-12-02 03:59"]), ["2026-12-02 03:59"]);
        // Missed for days.
        assert_eq!(runs(&["2026-12-05 00:00", "2026-12-05 04:20"]), ["2026-12-05 00:00", "2026-12-05 04:20"]);
    }

    #[test]
    fn a_run_that_did_not_finish_is_due_unless_another_is_at_it() {
        let now = at("2026-12-01 01:00");
        assert!(JobState { held: false, finished_ms: None }.is_due_daily(now));
        assert!(!JobState { held: true, finished_ms: None }.is_due_daily(now));
    }
}
