//! `bench hello`: the cost of the runtime, and what this Worker adds before it does any work.

use std::path::Path;

use anyhow::Result;

use crate::state::State;

use super::Race;
use super::contestant::{Contestant, Request, bundle};

/// An empty Worker, and this one on the route that does the least.
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
            // The route uses no store, so no addresses are needed. Settings are read once per instance.
            settings: Vec::new(),
            outbound: None,
            requests: vec![Request::get("/health")],
            rival: None,
        },
    ];
    Ok(Race { name: "hello", contestants, requests: 20_000, events: 0, goals: Vec::new(), profile: false })
}
