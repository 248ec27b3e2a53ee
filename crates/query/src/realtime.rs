//! What happens now: the questions of `GET /v1/realtime`. Windows are whole UTC minutes, the running one
//! included, so that the series adds up to the totals.

use serde_json::{Value, json};

use super::fault::Fault;
use super::given::{Given, Parameters};
use super::model::{MAX_LIMIT, Query};
use super::read::{World, read};
use intake::time::Timestamp;
use statement::Range;

/// Parameters that are taken.
pub const KNOWN: &[&str] = &["project", "event", "filters", "bots"];
const MINUTE: i64 = 60_000;
/// Pages and sources that are named.
const TOP: u32 = 10;

/// The last minutes, asked in pieces.
#[derive(Debug)]
pub struct Realtime {
    /// The short window and the long one.
    pub windows: [Window; 2],
    /// Every minute of the long one.
    pub series: Query,
}

/// Some minutes up to now.
#[derive(Debug)]
pub struct Window {
    /// How many.
    pub minutes: u32,
    /// Visitors and events.
    pub totals: Query,
    /// Paths with most visitors.
    pub pages: Query,
    /// Sources with most visitors.
    pub sources: Query,
}

impl Realtime {
    /// Reads a query string.
    ///
    /// # Errors
    /// The parameter at fault and what it takes.
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
        Ok(Self { windows: [window(5)?, window(30)?], series })
    }

    /// The project that an account key names.
    pub fn project(&self) -> Option<&str> {
        self.series.project.as_deref()
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
