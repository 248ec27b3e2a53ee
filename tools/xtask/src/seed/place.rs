//! A project and its users.

use std::collections::HashMap;

use classifier::ProjectRules;
use intake::control::{DntMode, GeoLevel, Project};
use intake::quota::Quota;

use super::people::Country;
use super::site::domain;
use crate::random::Random;

/// A project to generate traffic for.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) slug: String,
    /// UUID.
    pub(super) id: String,
}

/// A user with an account.
pub(super) struct User {
    pub(super) id: String,
    pub(super) country: Country,
    /// Visitor numbers of the user's devices. The second device, if any, appears later.
    first: u64,
    second: Option<u64>,
}

/// State of a project, which grows from day to day.
pub(super) struct Place {
    pub(super) number: u32,
    pub(super) project: Project,
    /// `https://www.seed-1.example`.
    pub(super) origin: String,
    pub(super) domain: String,
    pub(super) users: Vec<User>,
    /// Number of visitors so far.
    pub(super) visitors: u64,
    /// Indexes into `users` by visitor number.
    user_of: HashMap<u64, usize>,
}

impl Place {
    pub(super) fn new(number: u32, site: &Site) -> Self {
        let domain = domain(&site.slug);
        Self {
            number,
            // Settings of a new project. Rows are written with them even if the project's settings were changed.
            project: Project {
                id: site.id.clone(),
                slug: site.slug.clone(),
                timezone: "UTC".to_owned(),
                retention_days: None,
                dnt_mode: DntMode::default(),
                kept_params: None,
                archived: false,
                rules: ProjectRules::default(),
                excluded: Vec::new(),
                geo_level: GeoLevel::default(),
                quota: Quota::default(),
                rate: None,
            },
            origin: format!("https://www.{domain}"),
            domain,
            visitors: 0,
            users: Vec::new(),
            user_of: HashMap::new(),
        }
    }

    /// Makes a visitor a user. Returns the index of the user.
    pub(super) fn sign_up(&mut self, number: u64, country: Country, random: &mut Random) -> usize {
        let id = format!("u-{:012x}", random.bits() >> 16);
        self.users.push(User { id, country, first: number, second: None });
        let index = self.users.len() - 1;
        self.user_of.insert(number, index);
        index
    }

    fn new_visitor(&mut self) -> u64 {
        self.visitors += 1;
        self.visitors - 1
    }

    /// Chooses the next visitor: its number, and the index of its user if it has one.
    pub(super) fn choose(&mut self, is_launch: bool, random: &mut Random) -> (u64, Option<usize>) {
        if self.visitors == 0 || !random.chance(if is_launch { 90 } else { 380 }) {
            return (self.new_visitor(), None);
        }
        if !self.users.is_empty() && random.chance(300) {
            let index = usize::try_from(random.below(self.users.len() as u64)).unwrap_or_default();
            // Three of ten users have a second device, which they use half of the time.
            let has_two = index % 10 < 3 && random.chance(500);
            let number = match self.users.get(index).map(|user| (user.first, user.second)) {
                Some((_, Some(second))) if has_two => second,
                Some((_, None)) if has_two => {
                    let second = self.new_visitor();
                    if let Some(user) = self.users.get_mut(index) {
                        user.second = Some(second);
                    }
                    self.user_of.insert(second, index);
                    second
                }
                Some((first, _)) => first,
                None => 0,
            };
            return (number, Some(index));
        }
        // The more recent of two random visitors: most people return soon or never.
        let back = random.below(self.visitors).min(random.below(self.visitors));
        let number = self.visitors - 1 - back;
        (number, self.user_of.get(&number).copied())
    }
}
