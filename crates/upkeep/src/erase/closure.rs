//! Finds the ids of one person by following `$identify` events (`docs/concepts.md`, "Visitors and users").
//!
//! A device belongs to the user that it was first identified as. A request for a user includes all devices that belong
//! to the user. A request for a device means its user with all of that user's devices, or the device alone if it
//! belongs to no user. A second user of the same device is another person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::person::Ids;
use intake::set;

/// The first `$identify` of a device as a user that one place (store or buffer) has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The device.
    pub anonymous_id: String,
    /// The user.
    pub user_id: String,
    /// Timestamp in the store's text form, which sorts by time.
    pub at: String,
    /// Sorts links of the same instant.
    pub event_id: String,
}

/// Finds the ids of a person by looking up links until no new id appears.
#[derive(Debug, Clone)]
pub struct Closure {
    start: Ids,
    /// The requested device, until its owner is known.
    device: Option<String>,
    /// By device and user, the time and event id of the first link.
    links: BTreeMap<String, BTreeMap<String, (String, String)>>,
    asked: Ids,
}

impl Closure {
    /// Starts with ids of the person. `device` is one of them whose owner is the person too. Pass it only until the
    /// owner is known, because the device can later belong to somebody else.
    pub fn new(start: Ids, device: Option<String>) -> Self {
        Self { start, device, links: BTreeMap::new(), asked: Ids::default() }
    }

    /// The person's ids, according to the known links.
    pub fn ids(&self) -> Ids {
        let mut ids = self.start.clone();
        ids.users.extend(self.device.as_deref().and_then(|device| self.owner(device)).map(ToOwned::to_owned));
        let theirs = self.links.keys().filter(|device| self.owner(device).is_some_and(|user| ids.users.contains(user)));
        let theirs = set::of(theirs.cloned());
        ids.devices.extend(theirs);
        ids
    }

    /// The ids whose links must be looked up next: all links that contain one of them. Empty if the closure is
    /// complete.
    pub fn wanted(&self) -> Ids {
        let users = self.ids().users;
        // A device's owner is known once all its links are known.
        let candidates = self.links.iter().filter(|(_, by)| by.keys().any(|user| users.contains(user)));
        let devices = set::of(candidates.map(|(device, _)| device.clone()).chain(self.device.clone()));
        Ids {
            users: set::of(users.difference(&self.asked.users).cloned()),
            devices: set::of(devices.difference(&self.asked.devices).cloned()),
        }
    }

    /// Adds the links that contain one of `about`, from store or buffer. Duplicates are allowed.
    pub fn learn(&mut self, about: &Ids, links: impl IntoIterator<Item = Link>) {
        for Link { anonymous_id, user_id, at, event_id } in links {
            let moment = (at, event_id);
            let first = self.links.entry(anonymous_id).or_default().entry(user_id).or_insert_with(|| moment.clone());
            if moment < *first {
                *first = moment;
            }
        }
        self.asked.extend(about.clone());
    }

    fn owner(&self, device: &str) -> Option<&str> {
        let first = self.links.get(device)?.iter().min_by_key(|(_, moment)| *moment)?;
        Some(first.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// (device, user, moment), and what is asked of them.
    struct World(&'static [(&'static str, &'static str, &'static str)]);

    impl World {
        fn about(&self, ids: &Ids) -> Vec<Link> {
            let named =
                self.0.iter().filter(|(device, user, _)| ids.users.contains(*user) || ids.devices.contains(*device));
            named
                .map(|(device, user, at)| Link {
                    anonymous_id: (*device).to_owned(),
                    user_id: (*user).to_owned(),
                    at: (*at).to_owned(),
                    event_id: "e".to_owned(),
                })
                .collect()
        }

        fn person(&self, users: &[&str], devices: &[&str], asked: Option<&str>) -> (String, String, u32) {
            let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
            let start = Ids { users: set(users), devices: set(devices) };
            let mut closure = Closure::new(start, asked.map(ToOwned::to_owned));
            let mut rounds = 0;
            loop {
                let wanted = closure.wanted();
                if wanted.is_empty() {
                    break;
                }
                rounds += 1;
                closure.learn(&wanted, self.about(&wanted));
            }
            let joined = |ids: BTreeSet<String>| ids.into_iter().collect::<Vec<_>>().join(" ");
            let Ids { users, devices } = closure.ids();
            (joined(users), joined(devices), rounds)
        }
    }

    /// Ann has two devices, the second shared with Bob, who has one of his own that Ann used later. Carl's
    /// device is nobody else's.
    const HOUSE: World = World(&[
        ("phone", "ann", "1"),
        ("laptop", "ann", "2"),
        ("laptop", "bob", "3"),
        ("tablet", "bob", "1"),
        ("tablet", "ann", "4"),
        ("desk", "carl", "1"),
        ("phone", "ann", "9"),
    ]);

    #[test]
    fn a_user_is_known_by_the_devices_that_belong_to_them() {
        let whole = ("ann".to_owned(), "laptop phone".to_owned());
        let (users, devices, rounds) = HOUSE.person(&["ann"], &[], None);
        assert_eq!(((users, devices), rounds), (whole.clone(), 2));
        let (users, devices, _) = HOUSE.person(&["bob"], &[], None);
        assert_eq!((users.as_str(), devices.as_str()), ("bob", "tablet"), "the laptop stays Ann's");
        let (users, devices, rounds) = HOUSE.person(&[], &["laptop"], Some("laptop"));
        assert_eq!((users, devices), whole, "a device stands for its owner");
        assert!(rounds <= 4);
    }

    #[test]
    fn a_device_of_nobody_stands_for_itself() {
        let (users, devices, _) = HOUSE.person(&[], &["kiosk"], Some("kiosk"));
        assert_eq!((users.as_str(), devices.as_str()), ("", "kiosk"));
    }

    #[test]
    fn both_ids_are_two_questions_at_once() {
        let (users, devices, _) = HOUSE.person(&["carl"], &["tablet"], Some("tablet"));
        assert_eq!((users.as_str(), devices.as_str()), ("bob carl", "desk tablet"));
    }

    #[test]
    fn once_it_is_known_who_was_meant_a_device_brings_nobody_new() {
        let later = World(&[("phone", "stranger", "1"), ("other", "stranger", "1"), ("second", "ann", "1")]);
        let (users, devices, _) = later.person(&["ann"], &["phone"], None);
        assert_eq!((users.as_str(), devices.as_str()), ("ann", "phone second"));
    }

    #[test]
    fn of_one_moment_the_smaller_event_id_is_first() {
        let link = |user: &str, event_id: &str| Link {
            anonymous_id: "d".to_owned(),
            user_id: user.to_owned(),
            at: "2026-11-21 10:00:00.000".to_owned(),
            event_id: event_id.to_owned(),
        };
        let asked = Ids { users: BTreeSet::new(), devices: BTreeSet::from(["d".to_owned()]) };
        let mut closure = Closure::new(asked.clone(), Some("d".to_owned()));
        closure.learn(&asked, [link("second", "b"), link("first", "a"), link("first", "z")]);
        assert_eq!(closure.ids().users, BTreeSet::from(["first".to_owned()]));
    }
}
