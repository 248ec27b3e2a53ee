//! The part of the cron that forgets people (`docs/forget.md`): requests that are due, all their people together.
//!
//! 1. who they are and what is theirs is found out, in the buffer and in the store;
//! 2. that is written down in the control plane, because once it is erased nobody could find it out again;
//! 3. what waits is emptied, then the store's rows are erased, and the days they lay on are marked before and
//!    after, so that no number that counts them is read;
//! 4. requests are given back with what was erased.
//!
//! A run that ends anywhere in between is repeated by the next one. No id goes into a log.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::App;
use super::people::Asker;
use crate::config::Config;
use crate::store::StoreError;
use intake::key::Env;
use intake::set;
use intake::time::Day;
use statement::Statement;
use upkeep::erase::{
    self, Closure, Counts, Due, Ids, MAX_HASHES, Outcome, Person, SETTINGS, Table, Target, Task, Touched, awaited,
    delete, pieces,
};
use upkeep::rollup::{self, ProjectDay};

/// Most requests that a run takes into its hands.
const MOST: u32 = 200;
/// Most of them of which something is to be erased: each costs some questions, and a Worker may ask so many.
const MOST_ERASED: usize = 50;
/// Longest that the control plane may take.
const LIMIT: Duration = Duration::from_secs(20);
/// Longest that a mutation may take; it goes on by itself, and is repeated by the next run.
const MUTATION: Duration = Duration::from_mins(3);
/// Longest that the store may take to show that it is there.
const CHECK: Duration = Duration::from_secs(2);
/// No more people are looked up this long after the first one, in milliseconds: the rest is the next run's.
const LOOKED_UP_MS: i64 = 90_000;
/// Days of one statement that marks them.
const MARKED: usize = 64;

/// A request of which something is to be erased.
struct Work {
    due: Due,
    /// What is erased of the person in this run.
    person: Person,
    /// The person's hashes, the newest last.
    newest: Vec<String>,
    touched: Touched,
    buffered: u64,
    /// Nothing of what was there stays.
    whole: bool,
}

impl App {
    /// Forgets whoever is due. What fails is due again at the next run.
    pub(super) async fn forget_people(&self) {
        let Ok(config) = &self.config else { return };
        if let Err(reason) = self.forget_due(config).await {
            (self.runtime.log)(&format!("people were not forgotten: {reason}"));
        }
    }

    async fn forget_due(&self, config: &Config) -> Result<(), String> {
        control(config, "forget_purge", json!({})).await?;
        let due = erase::due(&control(config, "forget_due", json!({ "most": MOST })).await?)?;
        if due.is_empty() {
            return Ok(());
        }
        let mut results = Vec::new();
        let outcome = self.forget_all(config, &due, &mut results).await;
        // Whatever has no result is given back as it was.
        let told = set::of(results.iter().filter_map(|one| one["id"].as_str().map(ToOwned::to_owned)));
        let left = due.iter().filter(|one| !told.contains(&one.id));
        results.extend(left.map(|one| erase::ran(one, &Counts::default(), Outcome::Failed)).collect::<Vec<_>>());
        control(config, "forget_ran", json!({ "results": results })).await?;
        outcome
    }

    async fn forget_all(&self, config: &Config, due: &[Due], results: &mut Vec<Value>) -> Result<(), String> {
        if !config.clickhouse.is_maintained() {
            return Err("CLICKHOUSE_MAINTAIN_USER is not set".to_owned());
        }
        let people: Vec<Person> = due.iter().map(|one| one.person.clone()).collect();
        let (seen, _) = self.waiting(Task::See, &people).await;
        if let Err(error) = config.clickhouse.ping(CHECK).await {
            let hashes = seen.seen.into_iter().map(|seen| seen.hashes).collect();
            self.empty_meanwhile(config, due, hashes, results).await?;
            return Err(error.without_words());
        }
        let waits: Vec<bool> = seen.seen.iter().map(|seen| seen.lines > 0).collect();
        let mut work = Vec::new();
        for (one, something) in due.iter().zip(self.with_something(due, &waits).await.map_err(quiet)?) {
            if !something {
                results.push(erase::ran(one, &Counts::default(), Outcome::Finished));
            } else if work.len() < MOST_ERASED {
                work.push(Work {
                    due: one.clone(),
                    person: one.person.clone(),
                    newest: Vec::new(),
                    touched: Touched::default(),
                    buffered: 0,
                    whole: true,
                });
            }
        }
        self.find_out(&mut work).await.map_err(quiet)?;
        let found: Vec<Value> = work
            .iter()
            .map(|one| {
                let days = set::of(one.touched.days.keys().copied());
                erase::widened(&one.due, &one.newest, &days, one.whole)
            })
            .collect();
        control(config, "forget_widen", json!({ "found": found })).await?;
        self.empty(&mut work).await;
        self.erase(config, &work).await.map_err(quiet)?;
        results.extend(work.iter().map(Work::result));
        Ok(())
    }

    /// Which requests have something to erase. One that was never run may have; of the others one question tells
    /// for all people of a data set.
    async fn with_something(&self, due: &[Due], waits: &[bool]) -> Result<Vec<bool>, StoreError> {
        let mut something: Vec<bool> =
            due.iter().zip(waits).map(|(one, waits)| *waits || !one.resolved || !one.days.is_empty()).collect();
        let mut scopes: BTreeMap<(&str, &str), (Person, Vec<usize>)> = BTreeMap::new();
        for (index, one) in due.iter().enumerate().filter(|(index, _)| something.get(*index) == Some(&false)) {
            let scope = (one.person.project_id.as_str(), one.person.env.as_str());
            let (all, places) = scopes.entry(scope).or_insert_with(|| (one.person.with(Ids::default()), Vec::new()));
            all.ids.extend(one.person.ids.clone());
            all.hashes.extend(one.person.hashes.iter().cloned());
            places.push(index);
        }
        for (all, places) in scopes.into_values() {
            let found = !self.touched(&all).await?.is_empty();
            for place in places {
                if let Some(something) = something.get_mut(place) {
                    *something = found;
                }
            }
        }
        Ok(something)
    }

    /// Finds out who the people are, their visitor hashes, and what they have in the store.
    async fn find_out(&self, work: &mut Vec<Work>) -> Result<(), StoreError> {
        let began = (self.runtime.now)();
        let closure = |one: &Work| Closure::new(one.person.ids.clone(), one.due.device.clone());
        let mut closures: Vec<(Person, Closure)> = work.iter().map(|one| (one.person.clone(), closure(one))).collect();
        let whole = self.close(&mut closures, Asker::Cron).await?;
        for (one, (_, closure)) in work.iter_mut().zip(closures) {
            one.person.ids.extend(closure.ids());
            one.due.person.ids = one.person.ids.clone();
            one.whole &= whole;
        }
        let people: Vec<Person> = work.iter().map(|one| one.person.clone()).collect();
        let (found, all) = self.waiting(Task::See, &people).await;
        let mut looked_up = 0;
        for (one, seen) in work.iter_mut().zip(found.seen) {
            if (self.runtime.now)().0 - began.0 > LOOKED_UP_MS {
                break;
            }
            looked_up += 1;
            let mut newest = self.hashes_of(&one.person, Asker::Cron).await?;
            one.whole &= all;
            if newest.len() > MAX_HASHES {
                // By ids the rest could not be found again; what has these hashes goes first.
                newest.truncate(MAX_HASHES);
                one.person.ids = Ids::default();
                one.whole = false;
            }
            newest.reverse();
            newest.extend(seen.hashes);
            one.person.hashes.extend(newest.iter().cloned());
            one.newest = newest;
            one.touched = self.touched(&one.person).await?;
        }
        work.truncate(looked_up);
        Ok(())
    }

    async fn touched(&self, person: &Person) -> Result<Touched, StoreError> {
        let mut all = Touched::default();
        for piece in pieces(person) {
            all.extend(self.find(erase::touched(&piece), erase::touched_of, Asker::Cron).await?);
        }
        Ok(all)
    }

    /// Empties what waits. What may have been sent on before that is found in the store by the next run.
    async fn empty(&self, work: &mut [Work]) {
        let people: Vec<Person> = work.iter().map(|one| one.person.clone()).collect();
        let (emptied, all) = self.waiting(Task::Blank, &people).await;
        for (one, seen) in work.iter_mut().zip(emptied.seen) {
            one.buffered = seen.lines;
            one.whole &= all && seen.in_doubt == 0;
        }
    }

    /// While the store is away: what is known of people is enough to empty most of what waits. Lines that say
    /// whom a device belongs to stay, and who is meant is found out when the store is there.
    async fn empty_meanwhile(
        &self,
        config: &Config,
        due: &[Due],
        hashes: Vec<BTreeSet<String>>,
        results: &mut Vec<Value>,
    ) -> Result<(), String> {
        let mut people: Vec<Person> = due.iter().map(|one| one.person.clone()).collect();
        let mut found = Vec::new();
        for ((one, person), hashes) in due.iter().zip(&mut people).zip(hashes) {
            let newest: Vec<String> = hashes.iter().cloned().collect();
            found.push(erase::widened(one, &newest, &BTreeSet::new(), false));
            person.hashes.extend(hashes);
        }
        control(config, "forget_widen", json!({ "found": found })).await?;
        let (emptied, _) = self.waiting(Task::BlankButLinks, &people).await;
        for (one, seen) in due.iter().zip(emptied.seen) {
            let counts = Counts { buffered: seen.lines, ..Counts::default() };
            results.push(erase::ran(one, &counts, Outcome::Failed));
        }
        Ok(())
    }

    /// Erases the rows of all people together.
    async fn erase(&self, config: &Config, work: &[Work]) -> Result<(), StoreError> {
        self.mark(config, work).await?;
        let random = (self.runtime.random)().ok_or_else(|| StoreError::Unusable("no randomness".to_owned()))?;
        let salt = intake::hex::encode(&random);
        for table in Table::ALL {
            let theirs: Vec<Target<'_>> = work.iter().filter(|one| one.has(table)).map(Work::target).collect();
            let mutations = delete(table, &salt, &theirs);
            let count = mutations.len();
            for (number, Statement { sql, parameters }) in (1..).zip(mutations) {
                let settings = [SETTINGS, &[awaited(number == count)]].concat();
                config.clickhouse.execute(sql, &parameters, &settings, MUTATION).await?;
            }
        }
        self.mark(config, work).await
    }

    /// Marks the days that were touched, and those of a run that did not come so far.
    async fn mark(&self, config: &Config, work: &[Work]) -> Result<(), StoreError> {
        let mut days: BTreeSet<(&str, &str, Day)> = BTreeSet::new();
        for Work { due, touched, .. } in work {
            let all = touched.days.keys().chain(&due.days);
            days.extend(all.map(|day| (due.person.project_id.as_str(), due.person.env.as_str(), *day)));
        }
        let day = |(project_id, env, day): (&str, &str, Day)| {
            Some(ProjectDay { project_id: project_id.to_owned(), env: Env::parse(env)?, day })
        };
        let days: Vec<ProjectDay> = days.into_iter().filter_map(day).collect();
        for days in days.chunks(MARKED) {
            let Statement { sql, parameters } = rollup::mark(days);
            config.clickhouse.execute(sql, &parameters, rollup::SETTINGS, LIMIT).await?;
        }
        Ok(())
    }
}

impl Work {
    /// Whether a table has something of the person.
    fn has(&self, table: Table) -> bool {
        match table {
            Table::Events => !self.touched.days.is_empty(),
            Table::Sessions => !self.touched.visitors.is_empty(),
            Table::Identities => self.touched.identities > 0,
            Table::DeadLetters => self.touched.dead_letters > 0,
        }
    }

    fn target(&self) -> Target<'_> {
        let mut days = self.touched.days.keys().copied();
        let first = days.next().unwrap_or(Day(0));
        Target {
            person: &self.person,
            visitors: &self.touched.visitors,
            days: (first, days.next_back().unwrap_or(first)),
        }
    }

    fn result(&self) -> Value {
        let counts = Counts {
            events: self.touched.days.values().sum(),
            sessions: self.touched.sessions,
            identities: self.touched.identities,
            dead_letters: self.touched.dead_letters,
            buffered: self.buffered,
        };
        let mut due = self.due.clone();
        due.days.extend(self.touched.days.keys());
        erase::ran(&due, &counts, if self.whole { Outcome::Finished } else { Outcome::Unfinished })
    }
}

/// Calls a function of the control plane.
async fn control(config: &Config, function: &'static str, arguments: Value) -> Result<Vec<u8>, String> {
    config
        .control_plane
        .call(function, arguments.to_string(), LIMIT)
        .await
        .map_err(|error| format!("{function}: {}", error.without_words()))
}

#[expect(clippy::needless_pass_by_value, reason = "maps errors")]
fn quiet(error: StoreError) -> String {
    error.without_words()
}
