//! Generates the traffic: day by day, the visits of every project. Uses no clock and no store: the same plan and seed
//! give the same bytes.

use std::collections::HashMap;

use intake::ingest::Sender;
use intake::time::{DAY_MS, Day, Timestamp};
use intake::visitor::DayKey;
use schema::SentBy;

use super::agents::{Browser, bots};
use super::arrivals::Arrivals;
use super::batch::{Batch, Batches};
use super::people::{People, Visitor, address};
use super::place::{Place, Site};
use super::plan::{HOURS, Plan};
use super::site::{Page, pages};
use super::visit::{Purpose, Step, Visits};
use super::writer::{Actor, LATE_MS, Made, Writer};
use crate::random::{Random, Seed, Weighted};

/// Generates all events and passes them to `deliver` in batches of `rows`. Stops early when `deliver` returns false.
pub(super) fn run(plan: &Plan, seed: Seed, sites: &[Site], rows: u64, deliver: impl FnMut(Batch) -> bool) -> Made {
    let end = plan.day(plan.days()).start();
    let mut writer = Writer::new(Batches::new(rows, deliver), day_keys(plan, &seed), end.plus(-1));
    let mut places: Vec<Place> = (0..).zip(sites).map(|(number, site)| Place::new(number, site)).collect();
    let world = World::new(plan, seed, end);
    for day in 0..plan.days() {
        for place in &mut places {
            world.day(place, day, &mut writer);
            if writer.batches.unwanted() {
                return writer.made;
            }
        }
        writer.repeat();
    }
    writer.batches.finish();
    writer.made
}

/// Keys for visitor hashes. Every event uses the key of its own day.
fn day_keys(plan: &Plan, seed: &Seed) -> HashMap<Day, DayKey> {
    let key = |index: u32| {
        let mut random = seed.stream("day key", [0, u64::from(index)]);
        let row: Vec<u8> = (0..4).flat_map(|_| random.bits().to_be_bytes()).collect();
        Some((plan.day(index), DayKey::derive("seed", &row)?))
    };
    (0..plan.days()).filter_map(key).collect()
}

/// Data shared by all visits.
struct World {
    seed: Seed,
    plan: Plan,
    people: People,
    arrivals: Arrivals,
    pages: Weighted<Page>,
    bots: Weighted<Browser>,
    hours: Weighted<i64>,
    /// End of the period.
    end: Timestamp,
}

impl World {
    fn new(plan: &Plan, seed: Seed, end: Timestamp) -> Self {
        Self {
            seed,
            plan: plan.clone(),
            people: People::new(),
            arrivals: Arrivals::new(),
            pages: pages(),
            bots: bots(),
            hours: Weighted::new(HOURS.into_iter().zip(0..)),
            end,
        }
    }

    /// Generates a project's visits of a day. The last one is cut off when the day's number of events is reached.
    fn day(&self, place: &mut Place, day: u32, writer: &mut Writer<impl FnMut(Batch) -> bool>) {
        let random = &mut self.seed.stream("visits", [u64::from(place.number), u64::from(day)]);
        let mut left = self.plan.events_on(place.number, day);
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX);
            left -= match random.below(1000) {
                0..60 => self.bot(place, day, most, writer, random),
                60..63 if !place.users.is_empty() => self.server(place, day, writer, random),
                _ => self.person(place, day, most, writer, random),
            };
        }
    }

    fn bot(
        &self,
        place: &Place,
        day: u32,
        most: usize,
        writer: &mut Writer<impl FnMut(Batch) -> bool>,
        random: &mut Random,
    ) -> u64 {
        let mut sender = Sender { ip: Some(address(random)), country: "US", ..Sender::default() };
        self.bots.draw(random).sign(&mut sender);
        let mut steps = Visits { origin: &place.origin, pages: &self.pages }.bot(random);
        steps.truncate(most);
        let start = self.any_time(day, &steps, random);
        let sent_by = SentBy::Browser;
        let actor = Actor { sender, sent_by, anonymous_id: "", session_id: "", user_id: "", start, late_by: 0 };
        writer.visit(&place.project, &actor, &steps, random)
    }

    fn server(
        &self,
        place: &Place,
        day: u32,
        writer: &mut Writer<impl FnMut(Batch) -> bool>,
        random: &mut Random,
    ) -> u64 {
        let user = random.one_of(&place.users);
        let steps = Visits::server(&user.country, random);
        let start = self.any_time(day, &steps, random);
        let (sender, sent_by) = (Sender::default(), SentBy::Server);
        let actor = Actor { sender, sent_by, anonymous_id: "", session_id: "", user_id: &user.id, start, late_by: 0 };
        writer.visit(&place.project, &actor, &steps, random)
    }

    fn person(
        &self,
        place: &mut Place,
        day: u32,
        most: usize,
        writer: &mut Writer<impl FnMut(Batch) -> bool>,
        random: &mut Random,
    ) -> u64 {
        let is_launch = self.plan.is_launch(day);
        let known = place.visitors;
        let (number, mut user) = place.choose(is_launch, random);
        let is_new = number >= known;
        let visitor = self.people.visitor(&self.seed, place.number, number);
        let purpose = match user {
            Some(_) if is_new => Purpose::SignIn,
            Some(_) if random.chance(80) => Purpose::Buy,
            None if random.chance(90) => Purpose::Weigh(random.chance(280)),
            _ => Purpose::Look,
        };
        let arrival = self.arrivals.draw(is_new, is_launch, random);
        let opened = arrival.open(&place.domain, self.plan.day(day).0.div_euclid(7), random);
        let visits = Visits { origin: &place.origin, pages: &self.pages };
        let mut steps = visits.person(opened, arrival.is_campaign, purpose, &visitor.country, random);
        steps.truncate(most);
        if user.is_none() && steps.iter().any(|step| step.event == "$identify") {
            user = Some(place.sign_up(number, visitor.country, random));
        }
        let hour = (*self.hours.draw(random) - visitor.country.hours_ahead).rem_euclid(24);
        let session_id = format!("s-{:012x}", random.bits() >> 16);
        let actor = Actor {
            sender: sender(&visitor),
            sent_by: SentBy::Browser,
            anonymous_id: &visitor.anonymous_id,
            session_id: if visitor.names_sessions { &session_id } else { "" },
            user_id: user.and_then(|index| place.users.get(index)).map_or("", |user| &user.id),
            start: self.start(day, hour, &steps, random),
            late_by: match random.below(1000) {
                // The device was offline for hours or days.
                0..14 => random.between(LATE_MS, 12 * LATE_MS),
                14..18 => random.between(DAY_MS, 3 * DAY_MS),
                _ => 0,
            },
        };
        writer.visit(&place.project, &actor, &steps, random)
    }

    /// Start of a visit that does not depend on the time of day.
    fn any_time(&self, day: u32, steps: &[Step], random: &mut Random) -> Timestamp {
        let hour = random.between(0, 24);
        self.start(day, hour, steps, random)
    }

    /// Start of a visit within a UTC hour. The visit ends within the period.
    fn start(&self, day: u32, hour: i64, steps: &[Step], random: &mut Random) -> Timestamp {
        let start = self.plan.day(day).start().plus(hour * 3_600_000 + random.between(0, 3_600_000));
        let length = steps.last().map_or(0, |step| step.after);
        start.min(self.end.plus(-length - 1_000))
    }
}

fn sender(visitor: &Visitor) -> Sender<'static> {
    let mut sender = Sender {
        ip: Some(visitor.ip),
        country: visitor.country.code,
        language: visitor.language,
        dnt: visitor.dnt,
        ..Sender::default()
    };
    visitor.browser.sign(&mut sender);
    sender
}

#[cfg(test)]
mod tests;
