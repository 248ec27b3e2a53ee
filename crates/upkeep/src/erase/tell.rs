//! Everything that is held about a person, as lines of JSON with the name of their place in `table`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::find::{BY_ID, in_line};
use super::person::Person;
use super::{SCOPE, numbers, parameter, scoped, texts};
use query::event_object;
use schema::Field;
use statement::Statement;

/// A request to forget the person, as the control plane tells it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Receipt {
    /// Its id.
    pub request_id: String,
    /// `pending` or `done`.
    pub status: String,
    /// When it was made.
    pub requested_at: String,
    /// When all was erased that was there then.
    pub done_at: Option<String>,
    /// Rows erased.
    pub counts: Value,
}

/// What does not come from the store: receipts, and what waits in the buffer.
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

/// The statement that tells what the store holds: exactly the rows that forgetting the person would erase, of
/// sessions and identifications those that count. The person's hashes are looked up by it; given ones come to them.
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

/// A row as the text of a JSON object: the scope is the reader's own, and only small numbers fit JSON everywhere.
fn line(table: &str, fields: &[Field]) -> String {
    let day: &[Field] = if table == "dead_letters" { &[] } else { &[("day", "Date")] };
    let told = day.iter().chain(fields).filter(|(name, _)| !matches!(*name, "project_id" | "env"));
    let each = told.map(|(name, kind)| {
        let value = if matches!(*kind, "UInt32" | "Bool") {
            format!("toString(toInt64({name}))")
        } else {
            format!("toJSONString(toString({name}))")
        };
        format!("',\"{name}\":', {value}")
    });
    format!("concat('{{\"table\":\"{table}\"', {}, '}}')", each.collect::<Vec<_>>().join(", "))
}
