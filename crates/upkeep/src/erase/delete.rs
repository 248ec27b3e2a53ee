//! Erases rows: one mutation per table for all persons of a run.
//!
//! A mutation rewrites the parts that contain the rows; a lightweight delete would only hide them. ClickHouse keeps the
//! text of a mutation with all its values, in a file of the table and in `system.mutations`. Therefore a mutation
//! contains no id: it matches rows by a hash with a salt of the run.

use sha2::{Digest as _, Sha256};

use super::person::{MAX_BYTES, Person};
use super::{Parameters, parameter, texts};
use intake::key::Env;
use intake::time::{Day, Timestamp};
use statement::Statement;

/// Settings of every statement that finds or erases rows. The caller sets the time limit.
pub const SETTINGS: &[(&str, &str)] = &[
    ("timeout_overflow_mode", "throw"),
    ("max_memory_usage", "4000000000"),
    ("max_bytes_before_external_group_by", "1000000000"),
    ("do_not_merge_across_partitions_select_final", "1"),
    ("output_format_json_quote_64bit_integers", "1"),
    ("output_format_json_escape_forward_slashes", "0"),
    ("date_time_output_format", "simple"),
    ("wait_end_of_query", "1"),
];

/// The setting that waits for a mutation until all replicas have done it. Mutations of a table run in order, several of
/// them in one pass over a part, so only the last one is waited for.
pub fn awaited(is_last: bool) -> (&'static str, &'static str) {
    ("mutations_sync", if is_last { "2" } else { "0" })
}

/// A table with rows of persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// `events`
    Events,
    /// `sessions`
    Sessions,
    /// `identities`
    Identities,
    /// `dead_letters`
    DeadLetters,
}

/// One person's part in a deletion.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// Who.
    pub person: &'a Person,
    /// The visitors of the person's sessions ([`super::Touched`]).
    pub visitors: &'a std::collections::BTreeSet<String>,
    /// The first and the last day of their events.
    pub days: (Day, Day),
}

/// The kind of a subject, part of its hash.
const USER: char = 'u';
const DEVICE: char = 'a';
const HASH: char = 'v';
const VISITOR: char = 's';

impl Table {
    /// The tables to erase rows from, in order.
    pub const ALL: [Self; 4] = [Self::Events, Self::Sessions, Self::Identities, Self::DeadLetters];

    fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Sessions => "sessions",
            Self::Identities => "identities",
            Self::DeadLetters => "dead_letters",
        }
    }

    /// The expressions whose values are subjects.
    fn subjects(self) -> &'static [(char, &'static str)] {
        match self {
            Self::Events => &[(USER, "user_id"), (DEVICE, "anonymous_id"), (HASH, "toString(visitor_hash)")],
            Self::Sessions => &[(VISITOR, "toString(visitor)")],
            Self::Identities => &[(USER, "user_id"), (DEVICE, "anonymous_id")],
            Self::DeadLetters => &[
                (USER, "JSONExtractString(line, 'user_id')"),
                (DEVICE, "JSONExtractString(line, 'anonymous_id')"),
                (HASH, "JSONExtractString(line, 'visitor_hash')"),
            ],
        }
    }
}

/// Writes the mutations that erase persons from a table. `salt` is random and used once. Nearly always one; more if the
/// values do not fit into one URL.
pub fn delete(table: Table, salt: &str, targets: &[Target<'_>]) -> Vec<Statement> {
    let mut portions: Vec<Portion<'_>> = Vec::new();
    for target in targets {
        for (of, value) in values(table, target) {
            let full = portions.last().is_none_or(|portion| !portion.has_room(&target.person.project_id));
            if full {
                portions.push(Portion::default());
            }
            if let Some(portion) = portions.last_mut() {
                portion.add(target, subject(salt, &target.person.project_id, target.person.env, of, value));
            }
        }
    }
    portions.iter().map(|portion| portion.statement(table, salt)).collect()
}

fn values<'a>(table: Table, target: &Target<'a>) -> Vec<(char, &'a String)> {
    let Person { ids, hashes, .. } = target.person;
    let sets = [(USER, &ids.users), (DEVICE, &ids.devices), (HASH, hashes), (VISITOR, target.visitors)];
    let wanted = sets.into_iter().filter(|(of, _)| table.subjects().iter().any(|(known, _)| known == of));
    wanted.flat_map(|(of, set)| set.iter().map(move |value| (of, value))).collect()
}

/// The hash that the statement computes for each row, in hexadecimal. Project and env have a fixed length, so the
/// hashed text is unambiguous.
fn subject(salt: &str, project_id: &str, env: Env, of: char, value: &str) -> String {
    let text = format!("{salt}{project_id}{}{of}{value}", env.as_str());
    intake::hex::encode(Sha256::digest(text.as_bytes()).get(..16).unwrap_or_default())
}

/// The persons of one statement.
#[derive(Default)]
struct Portion<'a> {
    projects: Vec<&'a String>,
    subjects: Vec<String>,
    days: Option<(Day, Day)>,
}

impl<'a> Portion<'a> {
    fn has_room(&self, project_id: &str) -> bool {
        // Length in a URL, with quotes and commas.
        let new = if self.projects.iter().any(|known| *known == project_id) { 0 } else { 45 };
        self.projects.len() * 45 + self.subjects.len() * 41 + new + 41 <= MAX_BYTES
    }

    fn add(&mut self, target: &Target<'a>, subject: String) {
        if !self.projects.contains(&&target.person.project_id) {
            self.projects.push(&target.person.project_id);
        }
        self.subjects.push(subject);
        let (first, last) = self.days.unwrap_or(target.days);
        self.days = Some((Day(first.0.min(target.days.0.0)), Day(last.0.max(target.days.1.0))));
    }

    fn statement(&self, table: Table, salt: &str) -> Statement {
        let mut parameters: Parameters = vec![
            parameter("salt", salt),
            parameter("projects", texts(self.projects.iter().copied())),
            parameter("subjects", texts(&self.subjects)),
        ];
        let conditions: Vec<String> = table
            .subjects()
            .iter()
            .map(|(of, value)| {
                format!(
                    "substring(SHA256(concat({{salt:String}}, toString(project_id), toString(env), '{of}', {value})), 1, 16)\n\
                     IN arrayMap(subject -> unhex(subject), {{subjects:Array(String)}})"
                )
            })
            .collect();
        // Skips days without events of these persons. The other tables are small.
        let mut period = "";
        if let (Table::Events, Some((first, last))) = (table, self.days) {
            period = " AND timestamp >= {from:DateTime64(3, 'UTC')} AND timestamp < {to:DateTime64(3, 'UTC')}";
            let start = |day: i32| Timestamp::to_store(Day(day).start());
            parameters.push(parameter("from", start(first.0)));
            parameters.push(parameter("to", start(last.0.saturating_add(1))));
        }
        let sql = format!(
            "ALTER TABLE {} DELETE WHERE project_id IN {{projects:Array(UUID)}}{period}\nAND ({})",
            table.name(),
            conditions.join("\nOR ")
        );
        Statement { sql, parameters }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::erase::Ids;

    fn person(project_id: &str, devices: usize) -> Person {
        let devices = (0..devices).map(|n| format!("device-{n}")).collect();
        let ids = Ids { users: BTreeSet::from(["ann@example.com".to_owned()]), devices };
        Person { project_id: project_id.to_owned(), env: Env::Live, ids, hashes: BTreeSet::new() }
    }

    #[test]
    fn rows_of_events_are_erased_by_every_column_that_finds_a_person() {
        let known = schema::Column::FINDING.iter().map(|column| column.as_str());
        let bare = |text: &'static str| text.trim_start_matches("toString(").trim_end_matches(')');
        let erased = Table::Events.subjects().iter().map(|(_, value)| bare(value));
        assert_eq!(erased.collect::<BTreeSet<_>>(), known.collect::<BTreeSet<_>>());
    }

    #[test]
    fn no_id_stands_in_a_statement_and_all_its_values_fit_a_url() {
        let people: Vec<Person> = (0..40).map(|n| person(&format!("00000000-0000-4000-8000-{n:012}"), 20)).collect();
        let none = BTreeSet::new();
        let targets: Vec<Target<'_>> =
            people.iter().map(|person| Target { person, visitors: &none, days: (Day(20_000), Day(20_010)) }).collect();
        let statements = delete(Table::Events, "salt", &targets);
        let mut subjects = BTreeSet::new();
        for Statement { sql, parameters } in &statements {
            let url: usize = parameters.iter().map(|(_, value)| value.len() + 6 * value.matches('\'').count()).sum();
            assert!(url < 8_000, "{url}");
            let text = format!("{sql}{parameters:?}");
            assert!(!text.contains("ann@") && !text.contains("device-"), "{text}");
            let list = &parameters.iter().find(|(name, _)| name == "subjects").unwrap().1;
            subjects.extend(list.trim_matches(['[', ']']).split(',').map(ToOwned::to_owned));
        }
        assert_eq!(subjects.len(), 40 * 21, "the same id is another subject in another project");
        assert!(delete(Table::Sessions, "salt", &targets).is_empty());
        assert!(delete(Table::Events, "salt", &[]).is_empty());
    }
}
