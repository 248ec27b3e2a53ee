//! Asks one question in several ways, in turn: through the API, as an MCP tool, as hand-written SQL, and through the
//! API of a project with a tenth of the events.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::questions::Question;
use crate::event_store::EventStore;
use crate::stop;

/// How often a question is asked to measure its memory.
const LOOKS: u32 = 4;

/// A project and a key to read it.
pub(super) struct Project {
    pub(super) id: String,
    pub(super) key: String,
}

/// Figures of one question.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) question: &'static str,
    /// Tables that the API read.
    pub(super) tables: String,
    pub(super) rows_read: u64,
    /// Peak memory that the store reported, in MB. Peaks of short questions may be missed.
    pub(super) memory_mb: f64,
    pub(super) api: Times,
    pub(super) sql: Times,
    /// API time divided by SQL time, median of the rounds.
    pub(super) ratio: f64,
    pub(super) tool: Times,
    /// Tool time divided by API time, median of the rounds.
    pub(super) over_api: f64,
    pub(super) small: Option<Times>,
    /// API time divided by that of the small project, median of the rounds.
    pub(super) growth: Option<f64>,
}

/// Times in milliseconds.
#[derive(Debug, Serialize)]
pub(super) struct Times {
    pub(super) p50: f64,
    pub(super) p95: f64,
}

/// Asks the questions.
pub(super) struct Asker<'a> {
    rounds: u32,
    url: &'a str,
    agent: ureq::Agent,
    store: EventStore,
    /// A second connection that reads the memory use meanwhile.
    watch: EventStore,
}

impl<'a> Asker<'a> {
    pub(super) fn new(rounds: u32, url: &'a str, store: &dyn Fn() -> Result<EventStore>) -> Result<Self> {
        let config =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_mins(1)));
        Ok(Self { rounds, url, agent: config.build().into(), store: store()?, watch: store()? })
    }

    pub(super) fn ask(&self, question: &Question, large: &Project, small: Option<&Project>) -> Result<Line> {
        let (mut api, mut tool, mut sql, mut less) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        // The first round warms the caches and does not count. Its answer has the period for the SQL.
        let meta = self.by_api(question, large)?.1["meta"].take();
        let bound = |name: &str| {
            let instant = meta[name].as_str().context("the answer has no period")?;
            anyhow::Ok(instant.replace('T', " ").trim_end_matches('Z').to_owned())
        };
        let (from, to) = (bound("from")?, bound("to")?);
        let by_sql = || -> Result<Duration> {
            let begin = Instant::now();
            let parameters = [("project", large.id.as_str()), ("from", &from), ("to", &to)];
            let _: Vec<Value> = self.store.select(question.sql, &parameters)?;
            Ok(begin.elapsed())
        };
        for round in 0..=self.rounds {
            stop::check()?;
            // In alternating order, so that neither always follows the other.
            let by_tool_first = round % 2 == 1;
            let early = by_tool_first.then(|| self.by_tool(question, large)).transpose()?;
            let by_api = self.by_api(question, large)?.0;
            let by_tool = early.map_or_else(|| self.by_tool(question, large), Ok)?;
            let times = (
                by_api,
                by_tool,
                by_sql()?,
                small.map(|small| self.by_api(question, small)).transpose()?.map(|(time, _)| time),
            );
            if round > 0 {
                api.push(times.0);
                tool.push(times.1);
                sql.push(times.2);
                less.extend(times.3);
            }
        }
        let tables = meta["tables"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
        Ok(Line {
            question: question.name,
            tables: tables.join("+"),
            rows_read: meta["rows_read"].as_u64().unwrap_or(0),
            memory_mb: self.memory(question, large)?,
            ratio: ratio(&api, &sql),
            over_api: ratio(&tool, &api),
            tool: times(tool),
            growth: small.map(|_| ratio(&api, &less)),
            small: small.map(|_| times(less)),
            api: times(api),
            sql: times(sql),
        })
    }

    /// Asks through the API. Returns the time up to the last byte, and the answer.
    fn by_api(&self, question: &Question, project: &Project) -> Result<(Duration, Value)> {
        let begin = Instant::now();
        let mut answer = self
            .agent
            .post(format!("{}{}", self.url, question.path))
            .header("authorization", format!("Bearer {}", project.key))
            .header("content-type", "application/json")
            .send(question.body)?;
        let text = answer.body_mut().read_to_string()?;
        let time = begin.elapsed();
        if answer.status() != 200 {
            bail!("{}: {} {text}", question.name, answer.status());
        }
        Ok((time, serde_json::from_str(&text)?))
    }

    /// Asks the same question as a tool of `/mcp`. Returns the time up to the last byte.
    fn by_tool(&self, question: &Question, project: &Project) -> Result<Duration> {
        let arguments: Value = serde_json::from_str(question.body)?;
        let name = if question.path == "/v1/stats" { "get_stats" } else { question.path.trim_start_matches("/v1/") };
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": name, "arguments": arguments } });
        let begin = Instant::now();
        let mut answer = self
            .agent
            .post(format!("{}/mcp", self.url))
            .header("authorization", format!("Bearer {}", project.key))
            .header("content-type", "application/json")
            .send(call.to_string())?;
        let text = answer.body_mut().read_to_string()?;
        let time = begin.elapsed();
        if !text.contains("\"structuredContent\"") {
            bail!("{} as a tool: {} {text}", question.name, answer.status());
        }
        Ok(time)
    }

    /// Asks repeatedly and returns the peak memory that `system.processes` shows meanwhile, in MB.
    fn memory(&self, question: &Question, project: &Project) -> Result<f64> {
        #[derive(Deserialize)]
        struct Row {
            peak: String,
        }
        let sql = "SELECT toString(max(peak_memory_usage)) AS peak FROM system.processes
            WHERE query NOT LIKE '%system.processes%' FORMAT JSONEachRow";
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let watching = scope.spawn(|| {
                let mut most = 0.0_f64;
                while !done.load(Ordering::Relaxed) {
                    let rows: Vec<Row> = self.watch.select(sql, &[])?;
                    most = rows.iter().filter_map(|row| row.peak.parse().ok()).fold(most, f64::max);
                }
                anyhow::Ok(most / 1_000_000.0)
            });
            let asked = (0..LOOKS).try_for_each(|_| self.by_api(question, project).map(|_| ()));
            done.store(true, Ordering::Relaxed);
            asked?;
            watching.join().map_err(|_| anyhow::anyhow!("the thread that reads the memory use panicked"))?
        })
    }
}

/// The ratio of two times within each round; median of the rounds.
fn ratio(one: &[Duration], other: &[Duration]) -> f64 {
    quantile(one.iter().zip(other).map(|(one, other)| one.as_secs_f64() / other.as_secs_f64()).collect(), 0.5)
}

fn times(times: Vec<Duration>) -> Times {
    let times: Vec<f64> = times.into_iter().map(|time| time.as_secs_f64() * 1000.0).collect();
    Times { p50: quantile(times.clone(), 0.5), p95: quantile(times, 0.95) }
}

fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index"
    )]
    let index = ((values.len().saturating_sub(1)) as f64 * share).round() as usize;
    values.get(index).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_within_each_round() {
        let seconds = |list: [u64; 3]| list.map(Duration::from_secs);
        assert!((ratio(&seconds([2, 40, 6]), &seconds([1, 10, 3])) - 2.0).abs() < 1e-9);
        let result = times(seconds([3, 1, 2]).to_vec());
        assert!((result.p50 - 2000.0).abs() < 1e-9 && (result.p95 - 3000.0).abs() < 1e-9);
    }
}
