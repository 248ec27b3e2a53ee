//! The report of `GET /v1/realtime`: the last minutes. Windows are whole UTC minutes including the current one, so that
//! the series adds up to the totals.

use serde::Serialize;
use serde_json::{Value, json};

use super::build::build;
use super::fault::Fault;
use super::given::{Given, Parameters};
use super::model::{MAX_LIMIT, Query};
use super::plan::Plan;
use super::read::read;
use super::report::{Found, Report};
use super::shape::{Parts, answer};
use super::world::World;
use intake::time::Timestamp;
use statement::{Range, Scope, Statement};

/// Allowed parameters.
pub const KNOWN: &[&str] = &["project", "event", "filters", "bots"];
const MINUTE: i64 = 60_000;
/// Maximum number of pages and of sources.
const TOP: u32 = 10;

/// A question about the last minutes: seven questions for metrics by dimensions.
#[derive(Debug)]
pub struct Realtime {
    /// The short window and the long one.
    windows: [Window; 2],
    /// Every minute of the long window.
    series: Query,
    now: Timestamp,
}

/// The minutes up to now.
#[derive(Debug)]
struct Window {
    minutes: u32,
    /// Question for visitors and events.
    totals: Query,
    /// Paths with most visitors.
    pages: Query,
    /// Sources with most visitors.
    sources: Query,
}

/// Visitors, events, pages and sources of the last minutes.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(rename = "Realtime"))]
pub struct RealtimeAnswer {
    /// The last 5 and the last 30 minutes.
    pub windows: Vec<WindowAnswer>,
    /// `visitors` and `events` of each of the last 30 minutes.
    #[cfg_attr(feature = "documented", schemars(with = "Vec<crate::documented::StatsRow>"))]
    pub series: Vec<Value>,
    /// What the answer is based on.
    pub meta: RealtimeMeta,
}

/// One window.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub struct WindowAnswer {
    /// Its length.
    pub minutes: u32,
    /// Distinct visitors.
    pub visitors: u64,
    /// Number of events.
    pub events: u64,
    /// `path`, `visitors` and `events`; most visitors first, ten at most.
    #[cfg_attr(feature = "documented", schemars(with = "Vec<crate::documented::StatsRow>"))]
    pub pages: Vec<Value>,
    /// `source`, `visitors` and `events`; most visitors first, ten at most.
    #[cfg_attr(feature = "documented", schemars(with = "Vec<crate::documented::StatsRow>"))]
    pub sources: Vec<Value>,
}

/// The long window, and the time of the answer.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub struct RealtimeMeta {
    /// First instant.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "date-time")))]
    pub from: String,
    /// End of the running minute.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "date-time")))]
    pub to: String,
    /// Time of the question.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "date-time")))]
    pub now: String,
}

impl Realtime {
    fn questions(&self) -> impl Iterator<Item = &Query> {
        let windows = self.windows.iter().flat_map(|window| [&window.totals, &window.pages, &window.sources]);
        windows.chain([&self.series])
    }
}

impl Report for Realtime {
    type Answer = RealtimeAnswer;

    fn project(&self) -> Option<&str> {
        self.series.project.as_deref()
    }

    fn statements(&mut self, scope: &Scope<'_>, _: &[Found]) -> Result<Vec<Statement>, String> {
        Ok(self.questions().map(|query| build(query, scope, &Plan::default())).collect())
    }

    fn answer(&self, scope: &Scope<'_>, found: &[Found], elapsed_ms: i64) -> Result<RealtimeAnswer, String> {
        let mut rows = self.questions().zip(found).map(|(query, found)| {
            let parts = Parts { rows: Some(found), ..Parts::default() };
            answer(query, scope, &parts, Vec::new(), elapsed_ms).map(|answer| answer.rows)
        });
        let mut next = || rows.next().unwrap_or_else(|| Err("an answer is missing".to_owned()));
        let mut windows = Vec::new();
        for window in &self.windows {
            let (totals, pages, sources) = (next()?, next()?, next()?);
            let total = |name: &str| totals.first().and_then(|row| row[name].as_u64()).unwrap_or(0);
            let (visitors, events) = (total("visitors"), total("events"));
            windows.push(WindowAnswer { minutes: window.minutes, visitors, events, pages, sources });
        }
        let range = self.series.range;
        let meta = RealtimeMeta { from: range.from.to_iso(), to: range.to.to_iso(), now: self.now.to_iso() };
        Ok(RealtimeAnswer { windows, series: next()?, meta })
    }
}

impl Realtime {
    /// Parses a query string.
    ///
    /// # Errors
    /// The parameter that is invalid, unknown or repeated, and what is allowed.
    pub fn from_parameters(query: &str, world: World<'_>) -> Result<Self, Fault> {
        let given = Given::read(query, KNOWN)?;
        let ask = |minutes: u32, dimensions: Value, more: &[(&'static str, Value)]| {
            let mut members = Parameters::about_events(&given, MAX_LIMIT)?;
            let to = Timestamp((world.now.0.div_euclid(MINUTE) + 1) * MINUTE);
            members.during(Range { from: to.plus(-i64::from(minutes) * MINUTE), to });
            members.set("timezone", "timezone", "UTC".into());
            members.set("metrics", "metric", json!(["visitors", "events"]));
            members.set("dimensions", "group_by", dimensions);
            for (name, value) in more {
                members.set(name, name, value.clone());
            }
            read(&members, world)
        };
        let top = [("limit", json!(TOP))];
        let window = |minutes| {
            Ok(Window {
                minutes,
                totals: ask(minutes, json!([]), &[])?,
                pages: ask(minutes, json!(["path"]), &top)?,
                sources: ask(minutes, json!(["source"]), &top)?,
            })
        };
        let fill = json!({ "bots": given.flag("bots")?, "gap_fill": true });
        let series = ask(30, json!(["time:minute"]), &[("include", fill)])?;
        Ok(Self { windows: [window(5)?, window(30)?], series, now: world.now })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_windows_are_whole_minutes_up_to_the_running_one() {
        let now = Timestamp(1_795_255_234_567);
        let world = World {
            now,
            timezone: "Asia/Kolkata",
            offset_at: crate::zone::host_offset,
            segments: crate::Segments::Closed,
        };
        let asked = Realtime::from_parameters("event=pageview", world).unwrap();
        assert_eq!(asked.series.range.to.to_iso(), "2026-11-21T10:01:00.000Z");
        assert_eq!(asked.series.range.from.to_iso(), "2026-11-21T09:31:00.000Z");
        assert_eq!(asked.windows[0].pages.range.from.to_iso(), "2026-11-21T09:56:00.000Z");
        assert_eq!((asked.windows[1].sources.limit, asked.series.zone.name.as_str()), (10, "UTC"));
        assert!(asked.series.include.gap_fill);
        assert_eq!(Realtime::from_parameters("from=2026-01-01", world).unwrap_err().path, "?from");
    }
}
