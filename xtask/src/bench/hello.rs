//! `bench hello`: the floor of all later benches, and what this Worker adds to it before it does
//! anything.

use std::path::Path;

use anyhow::Result;

use crate::state::State;

use super::contestant::{Contestant, Request, bundle};

/// An empty Worker, then this one where it has the least to do.
pub(super) fn contestants(bundler: &Path, state: &State) -> Result<Vec<Contestant>> {
    Ok(vec![
        Contestant {
            title: "empty Rust Worker",
            name: "empty-worker",
            bundle: bundle("empty-worker", bundler, state)?,
            settings: &[],
            request: Request::get("/health"),
        },
        Contestant {
            title: "Headwater, /health",
            name: "headwater",
            bundle: bundle("headwater", bundler, state)?,
            // The route asks no store, so none is named; settings are read once an instance anyway.
            settings: &[],
            request: Request::get("/health"),
        },
    ])
}
