//! Access: exports everything stored about a person, as JSON lines with the name of the table in `table`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::find::{BY_ID, in_line};
use super::person::Person;
use super::{SCOPE, numbers, parameter, scoped, texts};
use query::event_object;
use schema::Field;
use statement::Statement;

/// An erasure request of the person, from the control plane.
#[derive(Debug, Serialize, Deserialize)]
pub struct Receipt {
    /// Its id.
    pub request_id: String,
    /// `pending` or `done`.
    pub status: String,
    /// When it was made.
    pub requested_at: String,
    /// When all rows of that time were erased.
    pub done_at: Option<String>,
    /// Number of erased rows.
    pub counts: Value,
}

/// Lines that do not come from the store: erasure requests, and events in the buffer.
pub fn head(receipts: &[Receipt], waiting: &str) -> String {
    let mut text = String::new();
    for Receipt { request_id, status, requested_at, done_at, counts } in receipts {
        let line = json!({
            "table": "forget_requests", "request_id": request_id, "status": status, "requested_at": requested_at,
            "done_at": done_at, "counts": counts,
        });
        text.push_str(&line.to_string());
        text.push('\n');
    }
    text.push_str(waiting);
    text
}

/// Writes the statement that exports the store's rows: exactly those that erasing the person would erase; of sessions
/// and identifications only the current generation. It looks up the person's visitor hashes and adds them to the given
/// ones.
pub fn tell(person: &Person) -> Statement {
    let hashes = format!(
        "SELECT visitor_hash FROM events WHERE {SCOPE} AND visitor_hash != 0 AND {BY_ID}\n\
         UNION ALL SELECT toUInt64OrZero(JSONExtractString(line, 'visitor_hash')) AS visitor_hash FROM dead_letters\n\
         WHERE {SCOPE} AND visitor_hash != 0 AND {}\n\
         UNION ALL SELECT arrayJoin({{hashes:Array(UInt64)}})",
        in_line(BY_ID)
    );
    let theirs = format!("({BY_ID} OR visitor_hash IN ({hashes}))");
    let letters =
        format!("({} OR toUInt64OrZero(JSONExtractString(line, 'visitor_hash')) IN ({hashes}))", in_line(BY_ID));
    let visits = format!(
        "visitor IN (SELECT reinterpretAsUInt128(sipHash128(arrayJoin({{devices:Array(String)}})))\n\
         UNION ALL SELECT toUInt128(visitor_hash) FROM ({hashes}))"
    );
    let current = |kind: &str| {
        format!(
            "(day, generation) IN (SELECT day, max(generation) FROM computed WHERE {SCOPE} AND kind = '{kind}'\n\
             GROUP BY day)"
        )
    };
    let events = event_object(true);
    let sql = format!(
        "SELECT concat('{{\"table\":\"events\",', substring({events}, 2))\n\
         FROM (SELECT * FROM events WHERE {SCOPE} AND {theirs}) AS events\n\
         UNION ALL SELECT {} FROM sessions WHERE {SCOPE} AND {} AND {visits}\n\
         UNION ALL SELECT {} FROM identities WHERE {SCOPE} AND {} AND {BY_ID}\n\
         UNION ALL SELECT {} FROM dead_letters WHERE {SCOPE} AND {letters}\nFORMAT TSVRaw",
        line("sessions", &schema::sessions()),
        current("sessions"),
        line("identities", schema::IDENTITIES),
        current("identities"),
        line("dead_letters", schema::DEAD_LETTERS),
    );
    let more = vec![
        parameter("users", texts(&person.ids.users)),
        parameter("devices", texts(&person.ids.devices)),
        parameter("hashes", numbers(&person.hashes)),
    ];
    scoped(person, sql, more)
}

/// The SQL expression of a row as a JSON object. It leaves out project and env, and writes large numbers as strings,
/// because not every JSON parser keeps them exact.
fn line(table: &str, fields: &[Field]) -> String {
    let day: &[Field] = if table == "dead_letters" { &[] } else { &[("day", "Date")] };
    let shown = day.iter().chain(fields).filter(|(name, _)| !matches!(*name, "project_id" | "env"));
    let each = shown.map(|(name, kind)| {
        let value = if matches!(*kind, "UInt32" | "Bool") {
            format!("toString(toInt64({name}))")
        } else {
            format!("toJSONString(toString({name}))")
        };
        format!("',\"{name}\":', {value}")
    });
    format!("concat('{{\"table\":\"{table}\"', {}, '}}')", each.collect::<Vec<_>>().join(", "))
}
