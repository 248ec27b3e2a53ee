//! Finds projects by slug or id.

use anyhow::{Context as _, Result};
use serde::Deserialize;
use upkeep::rollup;

use super::{Place, execute};
use crate::event_store::EventStore;

/// A project of the event store.
pub(super) struct Project {
    pub(super) id: String,
    /// Its slug, or its id if there is no control plane to look the slug up.
    pub(super) name: String,
}

/// One project, or all that the event store knows.
pub(super) fn find(place: &Place, store: &EventStore, wanted: Option<&str>) -> Result<Vec<Project>> {
    // A UUID is longer than a slug can be.
    if let Some(id) = wanted.filter(|wanted| wanted.len() == 36) {
        return Ok(vec![Project { id: id.to_owned(), name: id.to_owned() }]);
    }
    let known = if place.store.clickhouse_url.is_none() || place.target.is_hosted() || wanted.is_some() {
        let control = place
            .target
            .open()
            .context("a slug needs a control plane to look it up: add --supabase-url, or use the project's id")?;
        control.projects(None, wanted)?
    } else {
        Vec::new()
    };
    let text = |value: &serde_json::Value| value.as_str().map(ToOwned::to_owned);
    let known = known.iter().filter_map(|one| Some(Project { id: text(&one["id"])?, name: text(&one["slug"])? }));
    if wanted.is_some() {
        return Ok(known.collect());
    }
    let known: Vec<Project> = known.collect();
    let stored = execute(store, &rollup::projects())?;
    stored_ids(&stored)?
        .into_iter()
        .map(|id| {
            let name = known.iter().find(|one| one.id == id).map_or_else(|| id.clone(), |one| one.name.clone());
            Ok(Project { id, name })
        })
        .collect()
}

fn stored_ids(answer: &[u8]) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Row {
        project_id: String,
    }
    let rows = str::from_utf8(answer)?.lines().map(serde_json::from_str::<Row>);
    Ok(rows.map(|row| row.map(|row| row.project_id)).collect::<Result<_, _>>()?)
}
