//! The question of `GET /v1/query`: single events, newest first, in pages.
//!
//! A page begins after the last row of the previous page, by (timestamp, event id), so events that arrive meanwhile
//! move no row to another page.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::build::condition;
use super::cursor::{self, BROKEN};
use super::fault::Fault;
use super::frame::members;
use super::given::{Given, Parameters};
use super::member::{Conditions, Cursor, IncludeBots, Project, Whole, ZoneName, question};
use super::model::Query;
use super::range::Period;
use super::read::read;
use super::report::{Found, Report};
use super::row::object;
use super::world::World;
use intake::time::Timestamp;
use statement::{Binder, Scope, Statement, instant};

/// Allowed parameters.
pub const KNOWN: &[&str] =
    &["project", "from", "to", "date_range", "timezone", "event", "filters", "bots", "limit", "cursor"];
/// Maximum number of events on a page (`docs/concepts.md`, "Limits").
pub const MAX_LIMIT: u32 = 1000;
/// Default number of events on a page.
pub const DEFAULT_LIMIT: u32 = 100;
/// Maximum length of an event id in bytes: 128 characters of up to four.
const MAX_ID: usize = 512;

/// A question about single events.
#[derive(Debug)]
pub struct Events {
    query: Query,
    /// Timestamp and event id of the last row of the previous page.
    after: Option<(Timestamp, String)>,
}

question! {
    /// Single events, newest first.
    pub struct EventsQuestion {
        /// Slug or id of the project: for account keys, and only for them.
        project: Project,
        date_range: Period,
        /// Time zone of the IANA database; by default the project's.
        timezone: ZoneName,
        /// Conditions that must all hold.
        filters: Conditions,
        include: IncludeBots,
        /// Maximum number of events in the answer.
        #[cfg_attr(feature = "documented", schemars(extend("default" = DEFAULT_LIMIT)))]
        limit: Whole<MAX_LIMIT>,
        /// `next_cursor` of the previous page, with the same question.
        cursor: Cursor,
    }
}

impl Report for Events {
    type Answer = EventPage;

    fn project(&self) -> Option<&str> {
        self.query.project.as_deref()
    }

    fn lookups(&mut self, scope: &Scope<'_>) -> Result<Vec<Statement>, Fault> {
        self.resume(scope).map(|()| Vec::new())
    }

    fn statements(&mut self, scope: &Scope<'_>, _: &[Found]) -> Result<Vec<Statement>, String> {
        Ok(vec![self.statement(scope)])
    }

    fn answer(&self, scope: &Scope<'_>, found: &[Found], elapsed_ms: i64) -> Result<EventPage, String> {
        self.page(scope, found.first().ok_or("there are no rows")?, elapsed_ms)
    }
}

impl Events {
    /// Parses a question from JSON.
    ///
    /// # Errors
    /// What is wrong, with its path and what is allowed.
    pub fn from_json(body: &Value, world: World<'_>) -> Result<Self, Fault> {
        let members = members(body, EventsQuestion::MEMBERS)?;
        let limit = EventsQuestion::of(members, world)?.limit.map_or(DEFAULT_LIMIT, |limit| limit.0);
        Ok(Self { query: Query { limit, ..read(members, world)? }, after: None })
    }

    /// Parses a query string.
    ///
    /// # Errors
    /// The parameter that cannot be parsed, and what it allows.
    pub fn from_parameters(query: &str, world: World<'_>) -> Result<Self, Fault> {
        let given = Given::read(query, KNOWN)?;
        let members = Parameters::about_events(&given, MAX_LIMIT)?;
        let mut query = read(&members, world)?;
        if given.text("limit").is_none() {
            query.limit = DEFAULT_LIMIT;
        }
        Ok(Self { query, after: None })
    }

    /// Continues at the cursor, if there is one.
    ///
    /// # Errors
    /// It is not a cursor, or of another question or project.
    fn resume(&mut self, scope: &Scope<'_>) -> Result<(), Fault> {
        self.after = cursor::open("events", &mut self.query, scope, |place| {
            let (at, id) = place.split_first_chunk::<8>().ok_or(BROKEN)?;
            let id = str::from_utf8(id).ok().filter(|id| !id.is_empty() && id.len() <= MAX_ID).ok_or(BROKEN)?;
            let at = i64::from_be_bytes(*at);
            (0..=intake::time::LAST_MS).contains(&at).then(|| (Timestamp(at), id.to_owned())).ok_or(BROKEN)
        })?;
        Ok(())
    }

    /// Writes the statement. Its rows: the event as JSON, its timestamp in milliseconds, its id. It asks for one row
    /// more than the limit, which shows whether there is another page.
    pub fn statement(&self, scope: &Scope<'_>) -> Statement {
        let mut bind = Binder::default();
        let mut condition = condition(&self.query, scope, &[self.query.range], &self.query.filter, &mut bind);
        if let Some((at, id)) = &self.after {
            let (at, id) = (instant(*at, &mut bind), bind.value("String", id));
            condition = format!("{condition} AND timestamp <= {at} AND (timestamp < {at} OR event_id < {id})");
        }
        let limit = bind.value("UInt32", &self.query.limit.saturating_add(1).to_string());
        // Finds the timestamp of the page's last row in the narrow columns first, so that ClickHouse never reads the
        // wide columns of other rows.
        let sql = format!(
            "SELECT {} AS row, toUnixTimestamp64Milli(events.timestamp) AS at, events.event_id AS id\n\
             FROM (SELECT * FROM events FINAL WHERE {condition}\n\
             AND timestamp >= (SELECT min(at) FROM (SELECT timestamp AS at FROM events FINAL WHERE {condition}\n\
             ORDER BY at DESC LIMIT {limit}))\n\
             ORDER BY timestamp DESC, event_id DESC LIMIT {limit}) AS events\n\
             ORDER BY at DESC, id DESC\nFORMAT JSONCompactEachRow",
            object(false)
        );
        bind.statement(sql)
    }

    fn page(&self, scope: &Scope<'_>, found: &Found, elapsed_ms: i64) -> Result<EventPage, String> {
        let text = str::from_utf8(&found.lines).map_err(|error| error.to_string())?;
        let lines: Result<Vec<(String, i64, String)>, _> = text.lines().map(serde_json::from_str).collect();
        let mut lines = lines.map_err(|error| error.to_string())?;
        let limit = usize::try_from(self.query.limit).unwrap_or(usize::MAX);
        let more = lines.len() > limit;
        lines.truncate(limit);
        let next_cursor = lines.last().filter(|_| more).map(|(_, at, id)| {
            let place: Vec<u8> = at.to_be_bytes().into_iter().chain(id.bytes()).collect();
            cursor::seal("events", &self.query, scope, &place)
        });
        let mut rows = String::from("[");
        for (index, (row, ..)) in lines.into_iter().enumerate() {
            rows.push_str(if index == 0 { "" } else { "," });
            rows.push_str(&row);
        }
        rows.push(']');
        // Parsed once, so that the answer is valid JSON whatever the store returned.
        let rows = RawValue::from_string(rows).map_err(|error| error.to_string())?;
        let range = self.query.range;
        let meta = EventsMeta {
            from: range.from.to_iso(),
            to: range.to.to_iso(),
            timezone: self.query.zone.name.clone(),
            rows_read: found.rows_read,
            elapsed_ms,
        };
        Ok(EventPage { rows, next_cursor, meta })
    }
}

/// A page of events.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct EventPage {
    /// The events as the store wrote them. Properties are passed on unchanged.
    #[cfg_attr(feature = "documented", schemars(with = "Vec<crate::documented::StoredEvent>"))]
    pub rows: Box<RawValue>,
    /// `cursor` of the next page; `null` on the last page.
    pub next_cursor: Option<String>,
    /// What was asked.
    pub meta: EventsMeta,
}

/// Period, time zone and effort.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub struct EventsMeta {
    /// First instant of the period.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "date-time")))]
    pub from: String,
    /// End of the period, excluded.
    #[cfg_attr(feature = "documented", schemars(extend("format" = "date-time")))]
    pub to: String,
    /// Time zone of the question.
    pub timezone: String,
    /// How many rows the store read.
    pub rows_read: u64,
    /// Time it took.
    pub elapsed_ms: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Answer as _;
    use intake::key::Env;

    const WORLD: World<'static> = World {
        now: Timestamp(1_795_255_200_000),
        timezone: "UTC",
        offset_at: crate::zone::host_offset,
        segments: crate::Segments::Closed,
    };
    const SCOPE: Scope<'static> = Scope { project_id: "0192d3c5-0000-7000-8000-000000000001", env: Env::Live };

    fn page(lines: &str, events: &Events) -> serde_json::Value {
        let found = Found { lines: lines.as_bytes().to_vec(), rows_read: 3 };
        intake::json::read(&events.page(&SCOPE, &found, 1).unwrap().to_json().unwrap()).unwrap()
    }

    #[test]
    fn a_page_starts_where_the_previous_one_ended() {
        let events = Events::from_parameters("limit=1", WORLD).unwrap();
        let lines = "[\"{\\\"a\\\": 1.50}\",1795000000000,\"é\"]\n[\"{}\",1794000000000,\"b\"]\n";
        let answer = page(lines, &events);
        let cursor = answer["next_cursor"].as_str().unwrap().to_owned();
        let mut next = Events::from_parameters(&format!("limit=1&cursor={cursor}"), WORLD).unwrap();
        next.resume(&SCOPE).unwrap();
        assert_eq!(next.after, Some((Timestamp(1_795_000_000_000), "é".to_owned())));
        assert!(page("", &next)["next_cursor"].is_null());
        // Properties are passed on byte for byte.
        let found = Found { lines: lines.as_bytes().to_vec(), rows_read: 3 };
        let answer = events.page(&SCOPE, &found, 1).unwrap().to_json().unwrap();
        assert!(str::from_utf8(&answer).unwrap().contains("[{\"a\": 1.50}]"));
    }

    #[test]
    fn a_cursor_fits_one_question_alone() {
        let events = Events::from_parameters("limit=1", WORLD).unwrap();
        let cursor = cursor::seal("events", &events.query, &SCOPE, b"\0\0\x01\x9f\0\0\0\0id");
        let stats = cursor::next(&events.query, &SCOPE);
        let test = Scope { env: Env::Test, ..SCOPE };
        for (query, cursor, scope) in [
            ("limit=2", cursor.as_str(), SCOPE),
            ("limit=1&event=x", &cursor, SCOPE),
            ("limit=1&bots=true", &cursor, SCOPE),
            ("limit=1", &cursor, test),
            ("limit=1", &stats, SCOPE),
            ("limit=1", "AAAA", SCOPE),
        ] {
            let mut asked = Events::from_parameters(&format!("{query}&cursor={cursor}"), WORLD).unwrap();
            assert_eq!(asked.resume(&scope).unwrap_err().path, "?cursor", "{query}");
        }
    }

    #[test]
    fn every_value_is_bound() {
        let hostile = "event=') OR 1=1 --&filters=[[%22is%22,%22prop:' OR%22,[%22x'%22]]]";
        let mut events = Events::from_parameters(hostile, WORLD).unwrap();
        events.after = Some((WORLD.now, "' OR ''='".to_owned()));
        let statement = events.statement(&SCOPE);
        assert!(!statement.sql.contains("OR 1=1") && !statement.sql.contains("OR ''="), "{}", statement.sql);
        assert!(statement.parameters.iter().any(|(_, value)| value == "' OR ''='"));
    }
}
