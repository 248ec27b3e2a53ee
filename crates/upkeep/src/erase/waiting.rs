//! Finds a person's lines in the buffer.
//!
//! A line is parsed as JSON, not searched as text, so an escape cannot hide an id and text in properties cannot be
//! mistaken for one. An erased line becomes an empty line, because a started batch counts its lines (`buffer/` of the
//! Worker).

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::closure::Link;
use super::person::Person;
use intake::ingest::IDENTIFY;
use intake::set;

/// Maximum size of the lines that one buffer object returns, in bytes.
const MAX_TOLD: usize = 1024 * 1024;

/// What to do with a person's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// Read their links and visitor hashes.
    See,
    /// Empty them.
    Blank,
    /// Empty them, except lines with links that are not stored elsewhere yet.
    BlankButLinks,
    /// Return them unchanged.
    Tell,
}

/// A request to a buffer object.
#[derive(Debug, Serialize, Deserialize)]
pub struct Inquiry {
    /// What to do.
    pub task: Task,
    /// The persons.
    pub persons: Vec<Person>,
    /// Rows up to this one have been searched.
    pub after: i64,
}

/// The answer of a buffer object.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Found {
    /// Where to continue; `None` if all rows have been searched.
    pub next: Option<i64>,
    /// The result for each requested person.
    pub seen: Vec<Seen>,
    /// The returned lines.
    pub lines: String,
}

/// The result for one person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Number of the person's lines, or of emptied lines.
    pub lines: u64,
    /// How many of them belong to a batch that was sent at least once, so that the store may have them.
    pub in_doubt: u64,
    /// Visitor hashes of lines with one of their ids.
    pub hashes: BTreeSet<String>,
    /// Links from `$identify` lines with one of the person's ids.
    pub links: Vec<Link>,
}

impl Seen {
    /// Adds the result of another buffer object.
    pub fn extend(&mut self, other: Self) {
        self.lines += other.lines;
        self.in_doubt += other.in_doubt;
        self.hashes.extend(other.hashes);
        self.links.extend(other.links);
    }
}

/// Persons by their ids and hashes.
pub struct Search<'a> {
    scopes: HashMap<(&'a str, &'a str), Scope<'a>>,
    persons: usize,
}

#[derive(Default)]
struct Scope<'a> {
    users: HashMap<&'a str, Vec<usize>>,
    devices: HashMap<&'a str, Vec<usize>>,
    hashes: HashMap<&'a str, Vec<usize>>,
}

/// The identifying columns of a row of `events`.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    project_id: Cow<'a, str>,
    #[serde(borrow)]
    env: Cow<'a, str>,
    #[serde(borrow, default)]
    timestamp: Cow<'a, str>,
    #[serde(borrow, default)]
    event_id: Cow<'a, str>,
    #[serde(borrow, default)]
    event: Cow<'a, str>,
    #[serde(borrow, default)]
    user_id: Cow<'a, str>,
    #[serde(borrow, default)]
    anonymous_id: Cow<'a, str>,
    #[serde(borrow, default)]
    visitor_hash: Cow<'a, str>,
}

impl<'a> Search<'a> {
    /// A search for these persons. Results are in the same order.
    pub fn of(persons: &'a [Person]) -> Self {
        let mut scopes: HashMap<(&str, &str), Scope<'a>> = HashMap::new();
        for (index, person) in persons.iter().enumerate() {
            let scope = scopes.entry((person.project_id.as_str(), person.env.as_str())).or_default();
            let Scope { users, devices, hashes } = scope;
            for (ids, places) in [(&person.ids.users, users), (&person.ids.devices, devices), (&person.hashes, hashes)]
            {
                for id in ids.iter().filter(|id| !id.is_empty()) {
                    places.entry(id).or_default().push(index);
                }
            }
        }
        Self { scopes, persons: persons.len() }
    }

    /// Empty results.
    pub fn found(&self) -> Found {
        Found { seen: vec![Seen::default(); self.persons], ..Found::default() }
    }

    /// Searches the lines of one row. Returns the changed lines if some were emptied.
    pub fn look(&self, task: Task, lines: &[u8], in_doubt: bool, found: &mut Found) -> Option<Vec<u8>> {
        let mut changed: Option<Vec<u8>> = None;
        let mut done = 0;
        for text in lines.split_inclusive(|byte| *byte == b'\n') {
            let start = done;
            done += text.len();
            let theirs =
                intake::json::read::<Line<'_>>(text).ok().is_some_and(|line| self.see(&line, task, in_doubt, found));
            if theirs && matches!(task, Task::Blank | Task::BlankButLinks) {
                changed.get_or_insert_with(|| lines.get(..start).unwrap_or_default().to_vec()).push(b'\n');
                continue;
            }
            if theirs && task == Task::Tell && found.lines.len() < MAX_TOLD {
                tell(text, &mut found.lines);
            }
            if let Some(changed) = &mut changed {
                changed.extend_from_slice(text);
            }
        }
        changed
    }

    /// Whether a line belongs to a person. Records its links and hashes for all persons it belongs to, and counts it
    /// for the first.
    fn see(&self, line: &Line<'_>, task: Task, in_doubt: bool, found: &mut Found) -> bool {
        let Some(scope) = self.scopes.get(&(line.project_id.as_ref(), line.env.as_ref())) else { return false };
        let says_a_link = line.event == IDENTIFY && !line.anonymous_id.is_empty() && !line.user_id.is_empty();
        if task == Task::BlankButLinks && says_a_link {
            return false;
        }
        let of = |places: &HashMap<&str, Vec<usize>>, id: &str| places.get(id).cloned().unwrap_or_default();
        let mut by_id = set::of(of(&scope.users, &line.user_id));
        by_id.extend(of(&scope.devices, &line.anonymous_id));
        for index in &by_id {
            let Some(seen) = found.seen.get_mut(*index) else { continue };
            if !line.visitor_hash.is_empty() {
                seen.hashes.insert(line.visitor_hash.clone().into_owned());
            }
            if says_a_link && task == Task::See {
                seen.links.push(Link {
                    anonymous_id: line.anonymous_id.clone().into_owned(),
                    user_id: line.user_id.clone().into_owned(),
                    at: line.timestamp.clone().into_owned(),
                    event_id: line.event_id.clone().into_owned(),
                });
            }
        }
        let by_hash = of(&scope.hashes, &line.visitor_hash);
        let Some(first) = by_id.iter().chain(&by_hash).min().and_then(|index| found.seen.get_mut(*index)) else {
            return false;
        };
        first.lines += 1;
        first.in_doubt += u64::from(in_doubt);
        true
    }
}

/// A waiting row as a line of the export, with `table` before its columns.
fn tell(line: &[u8], out: &mut String) {
    let Some(columns) = str::from_utf8(line).ok().and_then(|text| text.trim_end().strip_prefix('{')) else { return };
    out.push_str("{\"table\":\"buffer\",");
    out.push_str(columns);
    out.push('\n');
    if out.len() >= MAX_TOLD {
        out.push_str("{\"table\":\"buffer\",\"truncated\":true}\n");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::erase::Ids;
    use intake::key::Env;
    use intake::row::Columns;
    use intake::time::Timestamp;

    const PROJECT: &str = "11111111-1111-4111-8111-111111111111";

    /// A row as it is written (`intake::ingest`).
    fn row(event: &str, user: &str, device: &str, hash: u64, properties: &str) -> Vec<u8> {
        let mut line = b"{".to_vec();
        let mut columns = Columns(&mut line);
        columns.text("\"project_id\":\"", PROJECT);
        columns.text("\"env\":\"", "live");
        columns.time("\"timestamp\":\"", Timestamp(1_795_255_200_000));
        columns.text("\"event_id\":\"", "e-1");
        columns.text("\"event\":\"", event);
        columns.text("\"anonymous_id\":\"", device);
        columns.text("\"user_id\":\"", user);
        columns.number("\"visitor_hash\":\"", hash);
        columns.text("\"properties\":\"", properties);
        line.pop();
        line.extend_from_slice(b"}\n");
        line
    }

    fn person(users: &[&str], devices: &[&str], hashes: &[&str]) -> Person {
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let ids = Ids { users: set(users), devices: set(devices) };
        Person { project_id: PROJECT.to_owned(), env: Env::Live, ids, hashes: set(hashes) }
    }

    fn look(task: Task, person: Person, lines: &[Vec<u8>]) -> (Option<String>, Seen, String) {
        let persons = [person];
        let search = Search::of(&persons);
        let mut found = search.found();
        let changed = search.look(task, &lines.concat(), true, &mut found);
        (changed.map(|lines| String::from_utf8(lines).unwrap()), found.seen.remove(0), found.lines)
    }

    const HOSTILE: [&str; 9] =
        ["a\"b", "a\\", "a\\\"", "\",\"user_id\":\"ann", "ann", "ann2", "é😀\u{0}", "a'b\n\t", "}{\"ann\""];

    #[test]
    fn an_id_is_found_where_it_is_the_id_and_nowhere_else() {
        for wanted in HOSTILE {
            for stored in HOSTILE {
                let properties = serde_json::json!({ "user_id": wanted, "x": format!("\"user_id\":\"{wanted}\"") });
                let lines = [row("e", stored, "d", 7, &properties.to_string()), row("e", "", stored, 0, "{}")];
                for (person, hits) in
                    [(person(&[wanted], &[], &[]), [true, false]), (person(&[], &[wanted], &[]), [false, true])]
                {
                    let (changed, seen, _) = look(Task::Blank, person, &lines);
                    let expected: Vec<u8> = lines
                        .iter()
                        .zip(hits)
                        .flat_map(|(line, hit)| if hit && wanted == stored { b"\n".to_vec() } else { line.clone() })
                        .collect();
                    assert_eq!(seen.lines, u64::from(wanted == stored), "{wanted} in {stored}");
                    let unchanged = lines.concat();
                    assert_eq!(changed.map_or(unchanged, String::into_bytes), expected, "{wanted} in {stored}");
                }
            }
        }
    }

    #[test]
    fn rows_of_the_same_hash_are_theirs_and_a_prefix_of_it_is_another() {
        let lines = [row("e", "", "", 123, ""), row("e", "", "", 12, ""), row("e", "bob", "x", 123, "")];
        let (changed, seen, _) = look(Task::Blank, person(&["ann"], &[], &["123"]), &lines);
        assert_eq!(changed.unwrap().matches('\n').count(), 3, "the number of lines stays");
        assert_eq!((seen.lines, seen.in_doubt), (2, 2));
        assert!(seen.hashes.is_empty(), "one step, no further");
    }

    #[test]
    fn another_project_or_data_set_is_another_world() {
        let lines = [row("e", "ann", "", 0, "")];
        let mut other = person(&["ann"], &[], &[]);
        other.env = Env::Test;
        assert_eq!(look(Task::Blank, other, &lines).1.lines, 0);
        let mut other = person(&["ann"], &[], &[]);
        other.project_id = PROJECT.replace('1', "2");
        assert_eq!(look(Task::Blank, other, &lines), (None, Seen::default(), String::new()));
    }

    #[test]
    fn links_and_hashes_are_seen_and_links_are_kept_where_asked() {
        let lines = [
            row("$identify", "ann", "phone", 5, ""),
            row("e", "", "phone", 6, ""),
            row("$identify", "bob", "x", 9, ""),
        ];
        let (changed, seen, _) = look(Task::See, person(&["ann"], &["phone"], &[]), &lines);
        assert_eq!((changed, seen.lines, seen.hashes.len()), (None, 2, 2));
        let link = &seen.links[0];
        assert_eq!((link.anonymous_id.as_str(), link.user_id.as_str(), seen.links.len()), ("phone", "ann", 1));
        assert_eq!(link.at, "2026-11-21 10:00:00.000");
        let (changed, seen, _) = look(Task::BlankButLinks, person(&["ann"], &["phone"], &[]), &lines);
        assert_eq!(seen.lines, 1);
        let (first, third) =
            (String::from_utf8(lines[0].clone()).unwrap(), String::from_utf8(lines[2].clone()).unwrap());
        assert_eq!(changed.unwrap(), format!("{first}\n{third}"));
    }

    #[test]
    fn the_export_has_the_waiting_lines() {
        let lines = [row("e", "ann", "", 0, "{\"a\":1}"), row("e", "bob", "", 0, "")];
        let (_, _, lines_found) = look(Task::Tell, person(&["ann"], &[], &[]), &lines);
        let value: serde_json::Value = serde_json::from_str(&lines_found).unwrap();
        assert_eq!((value["table"].as_str(), value["user_id"].as_str()), (Some("buffer"), Some("ann")));
    }

    proptest! {
        #[test]
        fn every_line_that_is_written_is_found_by_its_ids(user in ".{1,40}", device in ".{1,40}", hash in 1_u64.., text in ".{0,40}") {
            let lines = [row("e", &user, &device, hash, &text)];
            for one in [person(&[&user], &[], &[]), person(&[], &[&device], &[]), person(&[], &[], &[&hash.to_string()])] {
                prop_assert_eq!(look(Task::Blank, one, &lines).0, Some("\n".to_owned()));
            }
        }
    }
}
