//! The events of a question as SQL conditions, and the person that each event belongs to.

use super::filter::Filter;
use super::member::words;
use schema::LINK;
use statement::Binder;
use statement::Range;
use statement::{Kind, clean_value};
use statement::{Scope, instant};

words! {
    /// Whose events are followed: those of a person or those of a session.
    pub enum By {
        /// The events of a person, on any device. Events without ids belong to no person.
        Person = "person",
        /// The events of a session that starts in the period.
        Session = "session",
    }
}

/// The events of a scope and period.
#[derive(Clone, Copy)]
pub(super) struct Chosen<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) range: Range,
    /// Whether bots count.
    pub(super) bots: bool,
}

impl Chosen<'_> {
    /// The condition for the period's events that meet a filter.
    pub(super) fn condition(&self, filter: &Filter, bind: &mut Binder) -> String {
        self.within(&[self.range], filter, bind)
    }

    /// The condition for events of other periods that meet a filter.
    pub(super) fn within(&self, pieces: &[Range], filter: &Filter, bind: &mut Binder) -> String {
        let mut condition = format!("{} AND {}", self.scope.sql(bind), during("timestamp", pieces, bind));
        if !self.bots {
            condition.push_str(" AND bot_class = ''");
        }
        if *filter != Filter::And(Vec::new()) {
            condition.push_str(" AND ");
            condition.push_str(&self.fits(filter, "events", bind));
        }
        condition
    }

    /// The filter as a condition over `table`. `has_done` looks at the events of the period.
    pub(super) fn fits(&self, filter: &Filter, table: &str, bind: &mut Binder) -> String {
        filter.sql(table, bind, &|event: &Filter, bind: &mut Binder| self.visitors(event, bind))
    }

    /// SELECT of the visitors who have an event that meets a condition.
    pub(super) fn visitors(&self, event: &Filter, bind: &mut Binder) -> String {
        let condition = self.condition(event, bind);
        format!("SELECT visitor FROM events FINAL WHERE {condition} AND visitor != 0")
    }
}

/// The condition that an instant lies in one of the pieces.
pub(super) fn during(time: &str, pieces: &[Range], bind: &mut Binder) -> String {
    let parts: Vec<String> = pieces
        .iter()
        .map(|piece| format!("{time} >= {} AND {time} < {}", instant(piece.from, bind), instant(piece.to, bind)))
        .collect();
    format!("({})", parts.join(" OR "))
}

/// Adds a column `person` to `events`, a SELECT with `user_id` and `anonymous_id`: the user, else the user that the
/// device was first identified as, else the device, else an empty string (`docs/concepts.md`, "Visitors and users").
pub(super) fn with_person(events: &str, scope: &Scope<'_>, bind: &mut Binder) -> String {
    format!(
        "SELECT *, multiIf(user_id != '', concat('u', user_id), anonymous_id = '', '', stitched.user != '',\n\
         concat('u', stitched.user), concat('a', anonymous_id)) AS person\n\
         FROM ({events}) AS events\n\
         LEFT ANY JOIN ({}) AS stitched ON events.anonymous_id = stitched.device",
        stitched(scope, bind)
    )
}

/// SELECT of the user that each device belongs to: the first that it was identified as, at any time. Clean days are
/// read from `identities`, all other days from the events.
fn stitched(scope: &Scope<'_>, bind: &mut Binder) -> String {
    let scope = scope.sql(bind);
    let clean = clean_value(Kind::Identities, &scope);
    // Lists the other days instead of excluding the clean ones: only then ClickHouse skips parts of the table that hold
    // several clean days.
    format!(
        "SELECT device, argMin(user, first) AS user\n\
         FROM (SELECT anonymous_id AS device, user_id AS user, (timestamp, event_id) AS first\n\
         FROM identities\nWHERE {scope} AND (day, generation) IN (SELECT arrayJoin({clean}))\n\
         UNION ALL\n\
         SELECT anonymous_id, user_id, (timestamp, event_id)\n\
         FROM events FINAL\nWHERE {scope} AND {LINK}\n\
         AND toDate(timestamp) IN (SELECT toDate(toUInt16(number)) AS day FROM numbers(65536)\n\
         WHERE day NOT IN (SELECT arrayJoin({clean}).1)))\nGROUP BY device"
    )
}
