//! The ids and visitor hashes of a person.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use intake::key::Env;

/// Ids in one data set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ids {
    /// `user_id`s.
    pub users: BTreeSet<String>,
    /// `anonymous_id`s.
    pub devices: BTreeSet<String>,
}

/// Everything that identifies a person's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The project's UUID.
    pub project_id: String,
    /// Which of its data sets.
    pub env: Env,
    /// The ids.
    pub ids: Ids,
    /// Visitor hashes of rows with one of the ids, in decimal digits.
    pub hashes: BTreeSet<String>,
}

/// Maximum length of the ids of one statement. They are in the URL, and some proxies accept only 8 KB.
pub(super) const MAX_BYTES: usize = 6_000;

impl Ids {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.devices.is_empty()
    }

    /// Adds other ids.
    pub fn extend(&mut self, other: Self) {
        self.users.extend(other.users);
        self.devices.extend(other.devices);
    }
}

impl Person {
    /// The same data set, with other ids and no hashes.
    #[must_use]
    pub fn with(&self, ids: Ids) -> Self {
        Self { project_id: self.project_id.clone(), env: self.env, ids, hashes: BTreeSet::new() }
    }
}

/// Splits the person into parts whose ids fit into one statement each. Nearly always one part.
pub fn pieces(person: &Person) -> Vec<Person> {
    let mut pieces: Vec<Person> = Vec::new();
    let mut room = 0_usize;
    let mut add = |value: &String, put: fn(&mut Person) -> &mut BTreeSet<String>| {
        let bytes = travelling(value);
        if bytes > room {
            pieces.push(person.with(Ids::default()));
            room = MAX_BYTES;
        }
        room = room.saturating_sub(bytes);
        if let Some(piece) = pieces.last_mut() {
            put(piece).insert(value.clone());
        }
    };
    person.ids.users.iter().for_each(|id| add(id, |piece| &mut piece.ids.users));
    person.ids.devices.iter().for_each(|id| add(id, |piece| &mut piece.ids.devices));
    person.hashes.iter().for_each(|hash| add(hash, |piece| &mut piece.hashes));
    pieces
}

/// Maximum length of a quoted value in a URL.
fn travelling(value: &str) -> usize {
    let each = |byte: u8| if byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte) { 1 } else { 6 };
    value.bytes().map(each).sum::<usize>() + 9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_with_many_ids_goes_in_parts_and_none_is_left_out() {
        let users = BTreeSet::from(["ü".repeat(256), "plain".to_owned()]);
        let devices: BTreeSet<String> = (0..500).map(|n| format!("device-{n}")).collect();
        let hashes: BTreeSet<String> = (0..500).map(|n| (u64::MAX - n).to_string()).collect();
        let ids = Ids { users, devices };
        let person = Person { project_id: "p".to_owned(), env: Env::Live, ids, hashes };
        let parts = pieces(&person);
        assert!(parts.len() > 2);
        let mut whole = person.with(Ids::default());
        for part in &parts {
            let all = part.ids.users.iter().chain(&part.ids.devices).chain(&part.hashes);
            assert!(all.map(|value| travelling(value)).sum::<usize>() <= MAX_BYTES);
            whole.ids.extend(part.ids.clone());
            whole.hashes.extend(part.hashes.clone());
        }
        assert_eq!(whole, person);
        assert!(pieces(&person.with(Ids::default())).is_empty());
    }
}
