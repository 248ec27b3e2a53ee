//! `bench hello`: the floor of all later benches, and what this Worker adds to it before it does
//! anything.

use std::path::Path;

use anyhow::Result;

use crate::state::State;

use super::Race;
use super::contestant::{Contestant, Request, bundle};

/// An empty Worker, then this one where it has the least to do.
pub(super) fn race(bundler: &Path, state: &State) -> Result<Race> {
    let contestants = vec![
        Contestant {
            title: "empty Rust Worker",
            name: "empty-worker",
            modules: bundle("empty-worker", &[], false, bundler, state)?,
            settings: Vec::new(),
            outbound: None,
            requests: vec![Request::get("/health")],
            rival: None,
        },
        Contestant {
            title: "Headwater, /health",
            name: "headwater",
            modules: bundle("headwater", &[], false, bundler, state)?,
            // The route asks no store, so none is named; settings are read once an instance anyway.
            settings: Vec::new(),
            outbound: None,
            requests: vec![Request::get("/health")],
            rival: None,
        },
    ];
    Ok(Race { name: "hello", contestants, requests: 20_000, events: 0, goals: Vec::new(), profile: false })
}
