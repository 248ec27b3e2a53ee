//! Who a person is and what is theirs, asked of the store and of the buffer alike: for forgetting
//! (`forget_run.rs`) and telling (`access.rs`).

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, join_all, select};

use super::App;
use crate::buffer::{Shard, continents};
use crate::config::Sink;
use crate::store::StoreError;
use statement::Statement;
use upkeep::erase::{self, Closure, Found, Ids, Inquiry, Link, MAX_LINKS, Person, SETTINGS, Seen, Task, pieces};

/// Longest that the cron waits for an answer of the store.
const PATIENCE: Duration = Duration::from_mins(1);
/// Longest that an object of the buffer may take to look through a portion of what waits.
const SEARCH: Duration = Duration::from_secs(20);
/// A closure takes four rounds; more come only of links that are made meanwhile.
const ROUNDS: usize = 8;
/// Most bytes of lines that one object returns.
const MAX_TOLD: usize = 1024 * 1024;

/// Who asks: a client, who needs an error soon if the store is silent, or the cron, which can wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asker {
    Client,
    Cron,
}

impl App {
    /// Asks for links until each closure is complete. `false`: there are more than are looked at once, or an
    /// object of the buffer did not answer.
    ///
    /// The buffer is asked before the store: what goes from one to the other meanwhile is seen at least once.
    pub(super) async fn close(&self, people: &mut [(Person, Closure)], asker: Asker) -> Result<bool, StoreError> {
        let mut whole = true;
        for _ in 0..ROUNDS {
            let (places, wanted): (Vec<usize>, Vec<Person>) = people
                .iter()
                .enumerate()
                .map(|(place, (person, closure))| (place, person.with(closure.wanted())))
                .filter(|(_, wanted)| !wanted.ids.is_empty())
                .unzip();
            if wanted.is_empty() {
                return Ok(whole);
            }
            let (found, all) = self.waiting(Task::See, &wanted).await;
            whole &= all;
            // One question for all people of a data set; what it says of others is as true.
            let mut scopes: BTreeMap<(&str, &str), (Person, Vec<Link>)> = BTreeMap::new();
            for (wanted, seen) in wanted.iter().zip(found.seen) {
                let key = (wanted.project_id.as_str(), wanted.env.as_str());
                let (all, links) = scopes.entry(key).or_insert_with(|| (wanted.with(Ids::default()), Vec::new()));
                all.ids.extend(wanted.ids.clone());
                links.extend(seen.links);
            }
            for (all, links) in scopes.values_mut() {
                for piece in pieces(all) {
                    let more = self.find(erase::links(&piece), erase::links_of, asker).await?;
                    whole &= more.len() < MAX_LINKS;
                    links.extend(more);
                }
            }
            for (place, wanted) in places.into_iter().zip(&wanted) {
                let links =
                    scopes.get(&(wanted.project_id.as_str(), wanted.env.as_str())).map(|(_, links)| links.clone());
                if let Some((_, closure)) = people.get_mut(place) {
                    closure.learn(&wanted.ids, links.unwrap_or_default());
                }
            }
        }
        Ok(false)
    }

    /// Visitor hashes of the store's rows with one of a person's ids, the newest first.
    pub(super) async fn hashes_of(&self, person: &Person, asker: Asker) -> Result<Vec<String>, StoreError> {
        let mut hashes = Vec::new();
        for piece in pieces(&person.with(person.ids.clone())) {
            hashes.extend(self.find(erase::hashes(&piece), erase::hashes_of, asker).await?);
        }
        Ok(hashes)
    }

    /// Asks the store.
    pub(super) async fn find<T>(
        &self,
        statement: Statement,
        read: fn(&[u8]) -> Result<T, String>,
        asker: Asker,
    ) -> Result<T, StoreError> {
        let config = self.config.as_ref().map_err(|_| StoreError::Busy("not configured".to_owned()))?;
        let Statement { sql, parameters } = statement;
        let body = match asker {
            Asker::Client => self.while_alive(config.clickhouse.select(sql, &parameters)).await?.body,
            Asker::Cron => config.clickhouse.execute(sql, &parameters, SETTINGS, PATIENCE).await?,
        };
        read(&body).map_err(StoreError::Unusable)
    }

    /// Asks every object of the buffer for these people's lines. `false`: one did not answer.
    pub(super) async fn waiting(&self, task: Task, people: &[Person]) -> (Found, bool) {
        let mut all = Found { seen: vec![Seen::default(); people.len()], ..Found::default() };
        let Some(config) = self.config.as_ref().ok().filter(|config| config.sink == Sink::Buffer) else {
            return (all, true);
        };
        if people.is_empty() {
            return (all, true);
        }
        let shards = continents().flat_map(|continent| Shard::all_of(continent, config.buffer.shards));
        let mut whole = true;
        for (shard, found) in
            join_all(shards.map(|shard| async move { (shard, self.search(shard, task, people).await) })).await
        {
            match found {
                Ok(found) => merge(&mut all, found),
                Err(reason) => {
                    whole = false;
                    (self.runtime.log)(&format!("buffer {shard} was not searched for people: {reason}"));
                }
            }
        }
        (all, whole)
    }

    /// One object, portion by portion.
    async fn search(&self, shard: Shard, task: Task, people: &[Person]) -> Result<Found, String> {
        let mut all = Found { seen: vec![Seen::default(); people.len()], ..Found::default() };
        let mut after = 0;
        loop {
            let inquiry = Inquiry { task, persons: people.to_vec(), after };
            let asked = (self.runtime.buffer.search)(shard, inquiry);
            let found = match select(asked, pin!((self.runtime.sleep)(SEARCH))).await {
                Either::Left((found, _)) => found?,
                Either::Right(_) => return Err("no answer in time".to_owned()),
            };
            let next = found.next.filter(|next| *next > after);
            merge(&mut all, found);
            match next {
                Some(next) if all.lines.len() < MAX_TOLD => after = next,
                _ => return Ok(all),
            }
        }
    }
}

fn merge(all: &mut Found, other: Found) {
    for (seen, more) in all.seen.iter_mut().zip(other.seen) {
        seen.extend(more);
    }
    all.lines.push_str(&other.lines);
}
