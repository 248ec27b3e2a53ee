//! Random histories: events as the store gets them, with everything that makes counting hard.

use intake::time::{Day, Timestamp};
use serde_json::{Value, json};

use crate::world::day;

/// First day of every history; a month ends on it, and New York's summer time on the day after.
pub const FIRST_DAY: &str = "2026-10-31";
const MINUTE: i64 = 60_000;
const DAY: i64 = 1440 * MINUTE;

/// One row as it is inserted.
#[derive(Debug, Clone)]
pub struct Event {
    pub timestamp: Timestamp,
    pub received_at: Timestamp,
    pub event_id: String,
    pub event: &'static str,
    pub anonymous_id: String,
    pub user_id: String,
    pub session_id: String,
    pub visitor_hash: u64,
    pub bot_class: &'static str,
    /// Everything that is counted by, by column.
    pub values: Vec<(&'static str, String)>,
}

impl Event {
    pub fn value(&self, column: &str) -> &str {
        self.values.iter().find(|(name, _)| *name == column).map_or("", |(_, value)| value)
    }

    pub fn day(&self) -> Day {
        self.timestamp.day()
    }

    pub fn to_row(&self) -> Value {
        let mut row = json!({
            "timestamp": self.timestamp.to_store(), "received_at": self.received_at.to_store(),
            "event_id": self.event_id, "event": self.event, "anonymous_id": self.anonymous_id,
            "user_id": self.user_id, "session_id": self.session_id, "visitor_hash": self.visitor_hash.to_string(),
            "bot_class": self.bot_class,
        });
        for (name, value) in &self.values {
            row[*name] = json!(value);
        }
        row
    }
}

/// Numbers that look random and are the same every time (xorshift64*).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }

    pub fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }

    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, usize::try_from(self.below(at as u64 + 1)).unwrap());
        }
    }
}

/// The events of some people over five days, in the order in which they are inserted: about one in eight comes
/// twice, with other content and a later receipt, and late and early ones are mixed.
pub fn events(random: &mut Random) -> Vec<Event> {
    let start = day(FIRST_DAY).start().0;
    let mut events = Vec::new();
    for person in 0..24_u64 {
        let mut time = start + i64::try_from(random.below(2 * 1440)).unwrap() * MINUTE;
        let mut session = String::new();
        for _ in 0..random.below(30) {
            // Around every boundary that the definitions know, and a moment that two events share.
            time += random.of(&[
                0,
                1,
                20_000,
                5 * MINUTE,
                30 * MINUTE - 1,
                30 * MINUTE,
                45 * MINUTE,
                3 * 60 * MINUTE,
                DAY - 1,
                DAY,
                DAY + MINUTE,
            ]);
            if random.one_in(12) {
                // On midnight.
                time = time - time.rem_euclid(DAY) + DAY;
            }
            if time >= start + 5 * DAY {
                break;
            }
            if person % 6 == 0 {
                // A tab that is left open for days.
                "tab".clone_into(&mut session);
            } else if random.one_in(4) {
                session = random.of(&["", "s1", "s2", ""]).to_owned();
            }
            let event = event(random, person, Timestamp(time), &session, events.len());
            if random.one_in(8) {
                events.push(sent_again(random, &event));
            }
            events.push(event);
        }
    }
    random.shuffle(&mut events);
    events
}

fn event(random: &mut Random, person: u64, timestamp: Timestamp, session: &str, number: usize) -> Event {
    let day = u64::try_from(timestamp.day().0).unwrap();
    // A third has ids, a third a hash that differs each day, a third sometimes neither.
    let (anonymous_id, visitor_hash) = match person % 3 {
        0 => (format!("device-{person}"), if random.one_in(2) { 9 } else { 0 }),
        1 => (String::new(), person * 1000 + day),
        _ if random.one_in(3) => (String::new(), 0),
        _ => (String::new(), person * 1000 + day),
    };
    // Some say who they are again and again, and not always the same.
    let event = random.of(&["pageview", if person % 6 == 3 { "$identify" } else { "pageview" }, "click", "$identify"]);
    let identified = event == "$identify" && !random.one_in(4);
    Event {
        timestamp,
        received_at: timestamp.plus(1000),
        // Ids whose order is not the order of time.
        event_id: format!("{}-{number}", random.below(1000)),
        event,
        anonymous_id,
        user_id: if identified { random.of(&["ada", "bo"]).to_owned() } else { String::new() },
        session_id: session.to_owned(),
        visitor_hash,
        bot_class: if person == 23 || random.one_in(20) { "crawler" } else { "" },
        values: values(random, event),
    }
}

/// The same identity, received later with another content; also as another visitor, a bot, at another time of
/// the day.
fn sent_again(random: &mut Random, event: &Event) -> Event {
    let mut again = event.clone();
    again.received_at = event.received_at.plus(1 + i64::try_from(random.below(DAY.unsigned_abs())).unwrap());
    again.event = random.of(&["pageview", "click", "$identify"]);
    again.values = values(random, again.event);
    again.anonymous_id = random.of(&["device-0", "device-other", ""]).to_owned();
    again.user_id = random.of(&["eve", ""]).to_owned();
    again.bot_class = random.of(&["", "crawler"]);
    let moved = event.timestamp.plus(i64::try_from(random.below(40)).unwrap() * MINUTE);
    if moved.day() == event.day() {
        again.timestamp = moved;
    }
    again
}

fn values(random: &mut Random, event: &str) -> Vec<(&'static str, String)> {
    let source = random.of(&["google", "direct", "newsletter"]);
    let mut values = vec![
        ("source", source),
        ("medium", if source == "google" { random.of(&["organic", "paid"]) } else { "email" }),
        ("channel", random.of(&["Organic Search", "Direct"])),
        ("campaign", random.of(&["", "", "autumn"])),
        ("term", random.of(&["", "shoes"])),
        ("content", random.of(&["", "red"])),
        ("click_id", random.of(&["", "gclid"])),
        ("referrer_host", random.of(&["", "www.google.com"])),
        ("country", random.of(&["DE", "FR", ""])),
        ("region", random.of(&["", "BE"])),
        ("city", random.of(&["", "Berlin"])),
        ("device_type", random.of(&["desktop", "mobile"])),
        ("browser", random.of(&["Firefox", "Chrome"])),
        ("os", random.of(&["Linux", "iOS"])),
        ("language", random.of(&["de", "fr"])),
    ];
    // Told from the others: another random number would make other histories of the same seeds.
    let is = |values: &[(&str, &str)], column, value| values.contains(&(column, value));
    let screen = match (is(&values, "device_type", "mobile"), is(&values, "browser", "Chrome")) {
        (true, _) => "mobile",
        (false, true) => "laptop",
        (false, false) => "",
    };
    let utm_source = if is(&values, "campaign", "autumn") { "News Letter" } else { "" };
    let utm_medium = if is(&values, "term", "shoes") { "CPC" } else { "" };
    values.extend([("screen", screen), ("utm_source", utm_source), ("utm_medium", utm_medium)]);
    // Events of servers stand on no page.
    if event == "pageview" || random.one_in(2) {
        values.extend([("host", "www.example.com"), ("path", random.of(&["/", "/a", "/b", "/c 'd'\\"]))]);
    }
    values.into_iter().map(|(name, value)| (name, value.to_owned())).collect()
}
