//! Which end-to-end files run beside each other.
//!
//! Most share nothing but the stores. They run three at a time, on two cores: most of their time they wait. On a machine
//! that is busy with something else they run one at a time, so that no request waits longer than its limit. Files that
//! run the cron's jobs share these: a job does the work of all projects, and one file's run would do another's. They
//! run one after the other, beside the rest, and say so in a comment: `@lane jobs`.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::state::State;

use super::counts::Counts;

/// What a file of the lane says.
const JOBS: &str = "@lane jobs";

/// A machine that leaves the tests less than this share of its processors is busy. Two busy loops on two of them leave a
/// half.
const BUSY: f64 = 0.75;

/// Longest for one file: what hangs is ended, what a busy machine slows down is not.
const LIMIT: Duration = Duration::from_mins(15);
/// The same for the long form.
const LONG_LIMIT: Duration = Duration::from_hours(4);

/// Files that one `node --test` runs.
#[derive(Debug)]
pub(super) struct Lane {
    name: &'static str,
    /// How many of its files run at once.
    width: usize,
    pub(super) files: Vec<PathBuf>,
    /// Whether it writes to the terminal as it goes. Two lanes at once would be mixed up there.
    live: bool,
}

/// How many files run at once that share nothing but the stores. `share`: how much of the processors the tests get.
pub(super) fn width(share: f64) -> usize {
    if share < BUSY { 1 } else { 3 }
}

/// The lanes that have files. `width`: how many files of the first run at once.
pub(super) fn of(files: Vec<PathBuf>, width: usize) -> Vec<Lane> {
    let (jobs, free): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| runs_jobs(file));
    let mut lanes: Vec<Lane> = [("end-to-end", width, free), ("end-to-end-jobs", 1, jobs)]
        .into_iter()
        .filter(|(_, _, files)| !files.is_empty())
        .map(|(name, width, files)| Lane { name, width, files, live: false })
        .collect();
    if let Some(first) = lanes.first_mut() {
        first.live = true;
    }
    lanes
}

fn runs_jobs(file: &Path) -> bool {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().any(|line| line.starts_with("//") && line.contains(JOBS))
}

impl Lane {
    /// Node's arguments, without the files. Its reports go to `logs/`.
    pub(super) fn arguments(&self, state: &State, long: bool) -> Vec<OsString> {
        let limit = if long { LONG_LIMIT } else { LIMIT };
        let mut arguments = vec![
            "--test".into(),
            // Three reporters on one stream are one too many for its taste.
            "--disable-warning=MaxListenersExceededWarning".into(),
            format!("--test-concurrency={}", self.width).into(),
            format!("--test-timeout={}", limit.as_millis()).into(),
            "--test-reporter=spec".into(),
            "--test-reporter-destination=stdout".into(),
        ];
        for (reporter, file) in [("tap", self.report(state)), ("./tests/harness/times.mjs", self.times(state))] {
            let _ = fs::remove_file(&file);
            let mut destination = OsString::from("--test-reporter-destination=");
            destination.push(&file);
            arguments.extend([format!("--test-reporter={reporter}").into(), destination]);
        }
        arguments
    }

    /// The file that takes what it writes, unless that is the terminal.
    pub(super) fn output(&self, state: &State) -> Result<Option<File>> {
        if self.live {
            return Ok(None);
        }
        let path = state.log(self.name);
        File::create(&path).map(Some).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Once it has ended: prints what the terminal has not shown yet, and which files took longest; its counts.
    pub(super) fn counts(&self, state: &State, success: bool) -> Counts {
        if !self.live {
            println!("\n{}", fs::read_to_string(state.log(self.name)).unwrap_or_default());
        }
        print!("{}", fs::read_to_string(self.times(state)).unwrap_or_default());
        Counts::of_tap(&fs::read_to_string(self.report(state)).unwrap_or_default()).concluded(success)
    }

    fn report(&self, state: &State) -> PathBuf {
        state.file(&format!("logs/{}.tap", self.name))
    }

    fn times(&self, state: &State) -> PathBuf {
        state.file(&format!("logs/{}-times.txt", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn fewer_files_run_at_once_on_a_busy_machine() {
        assert_eq!([1.0, 0.8, 0.5].map(width), [3, 3, 1]);
    }

    #[test]
    fn files_that_run_jobs_have_a_lane_of_their_own() {
        let file = |name: &str| workspace::root().join(format!("tests/{name}.test.mjs"));
        let lanes = of(vec![file("forget"), file("query"), file("rollup"), file("track")], 3);
        let found: Vec<_> = lanes.iter().map(|lane| (lane.live, lane.width, lane.files.clone())).collect();
        assert_eq!(
            found,
            [(true, 3, vec![file("query"), file("track")]), (false, 1, vec![file("forget"), file("rollup")])]
        );
        // One alone writes to the terminal, whichever it is.
        assert!(of(vec![file("rollup")], 3).iter().all(|lane| lane.live));
    }
}
