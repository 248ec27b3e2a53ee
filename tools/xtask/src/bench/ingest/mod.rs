//! `bench track` and `bench batch`: what taking events costs, beside an empty Worker and beside the same
//! routes as a good team would write them in Hono and zod (the peer).
//!
//! In two variants, each with the same requests: the store answers from within the same process
//! (`sink.mjs`), and there is no store at all, so that nothing but the Worker is left.

mod events;
mod keys;
mod peer;
mod store;

use std::path::{Path, PathBuf};

use anyhow::Result;
use intake::key::Kind;

use crate::state::State;

use super::Race;
use super::contestant::{Contestant, Module, Outbound, Request, bundle};
use super::goal::{Bound, Figure, Goal};
use super::load::Load;
use keys::{Keys, PEPPER};
use store::Asked;

/// Arguments of both.
#[derive(Debug, clap::Args)]
pub(crate) struct IngestArgs {
    #[command(flatten)]
    pub(super) common: super::Args,
    /// Folder of the peer; where there is none, it is left out.
    #[arg(long, value_name = "DIR", env = "HEADWATER_BENCH_PEER")]
    peer: Option<PathBuf>,
    /// In place of the rounds: put each contestant under load once and print the functions it spends its time in,
    /// as Linux's `perf` samples them.
    #[arg(long)]
    profile: bool,
    /// Afterwards: the same requests to this Worker over the real engines, straight and through the buffer; told, with
    /// no goal. Takes the engines of `cargo xtask up`, in a stack of its own.
    #[arg(long, conflicts_with = "profile")]
    store: bool,
}

/// Requests that differ, taken in turn.
const TRACK_BODIES: usize = 64;
const BATCH_BODIES: usize = 8;
/// Events of a batch, as many as it may hold.
const EVENTS: u32 = 1000;

/// The routes.
const TRACK: &str = "/v1/track";
const BATCH: &str = "/v1/batch";

/// Answers everything that a contestant fetches.
const SINK: &str = include_str!("sink.mjs");
/// Where the contestants believe their stores.
const STORE: &str = "http://store.invalid";
const CONTROL_PLANE: &str = "http://control-plane.invalid";
/// Feature of the Worker crate without which events would go to the store.
const NO_SINK: &str = "bench-no-sink";

/// Names of contestants, by which goals find them.
const EMPTY: &str = "empty-worker";
const OURS: &str = "headwater";
const OURS_BROWSER: &str = "headwater-browser";
const PEER: &str = "peer";
const OURS_NO_SINK: &str = "headwater-no-sink";
const OURS_BROWSER_NO_SINK: &str = "headwater-browser-no-sink";
const PEER_NO_SINK: &str = "peer-no-sink";

/// One event a request.
pub(super) fn track(args: &IngestArgs, bundler: &Path, state: &State) -> Result<Race> {
    let bodies = (0..TRACK_BODIES).map(events::single);
    let goals = vec![
        Goal::new("track / peer, sink in process", OURS, Figure::CpuTo(PEER), Bound::AtMost(0.85)),
        Goal::new("track / peer, no sink", OURS_NO_SINK, Figure::CpuTo(PEER_NO_SINK), Bound::AtMost(0.75)),
        Goal::new("track / empty Worker, no sink", OURS_NO_SINK, Figure::CpuTo(EMPTY), Bound::AtMost(1.5)),
        Goal::new("first answer / peer", OURS, Figure::FirstAnswerTo(PEER), Bound::AtMost(0.6)),
        Goal::new("bundle, KB of gzip", OURS, Figure::BundleKb, Bound::AtMost(400.0)),
    ];
    let contestants = contestants(TRACK, &bodies.collect::<Vec<_>>(), args, bundler, state)?;
    Ok(Race { name: "track", contestants, requests: 20_000, events: 1, goals, profile: args.profile })
}

/// A thousand events a request.
pub(super) fn batch(args: &IngestArgs, bundler: &Path, state: &State) -> Result<Race> {
    let bodies = (0..BATCH_BODIES).map(|index| events::batch(index, EVENTS as usize));
    let events = Figure::EventsPerCpuSecond;
    let goals = vec![
        Goal::new("batch / peer, sink in process", OURS, Figure::CpuTo(PEER), Bound::AtMost(0.22)),
        Goal::new("batch / peer, no sink", OURS_NO_SINK, Figure::CpuTo(PEER_NO_SINK), Bound::AtMost(0.22)),
        Goal::new("events/s of CPU, sink in process", OURS, events, Bound::AtLeast(150_000.0)),
        Goal::new("events/s of CPU, no sink", OURS_NO_SINK, events, Bound::AtLeast(150_000.0)),
    ];
    let contestants = contestants(BATCH, &bodies.collect::<Vec<_>>(), args, bundler, state)?;
    Ok(Race { name: "batch", contestants, requests: 300, events: EVENTS, goals, profile: args.profile })
}

/// What `--store` asks of track.
pub(super) fn track_store(args: &IngestArgs, state: &State) -> Result<()> {
    let bodies = (0..TRACK_BODIES).map(events::single).collect();
    over_store(args, &Asked { target: TRACK, bodies, events: 1 }, 5_000, state)
}

/// What `--store` asks of batch.
pub(super) fn batch_store(args: &IngestArgs, state: &State) -> Result<()> {
    let bodies = (0..BATCH_BODIES).map(|index| events::batch(index, EVENTS as usize)).collect();
    over_store(args, &Asked { target: BATCH, bodies, events: EVENTS }, 100, state)
}

fn over_store(args: &IngestArgs, asked: &Asked, requests: u32, state: &State) -> Result<()> {
    if !args.store {
        return Ok(());
    }
    let load = Load { connections: args.common.connections, requests: args.common.requests.unwrap_or(requests) };
    store::tell(asked, load, &state.file("bundles/headwater"), state)
}

fn contestants(
    target: &'static str,
    bodies: &[Vec<u8>],
    args: &IngestArgs,
    bundler: &Path,
    state: &State,
) -> Result<Vec<Contestant>> {
    let keys = Keys::make()?;
    let empty = bundle("empty-worker", &[], args.profile, bundler, state)?;
    let ours = bundle("headwater", &[], args.profile, bundler, state)?;
    let ours_no_sink = bundle("headwater", &[NO_SINK], args.profile, bundler, state)?;
    let peer = peer::bundle(args.peer.as_deref(), state)?;

    let requests = |kind| events::requests(target, bodies, keys.of(kind));
    let (server, browser) = (requests(Kind::Secret), requests(Kind::Publishable));
    let outbound = Outbound { source: SINK, settings: vec![("ANSWERS", keys.answers())] };
    let us = |title, name, modules: &[Module], requests: &[Request], rival| Contestant {
        title,
        name,
        modules: modules.to_vec(),
        settings: our_settings(),
        outbound: Some(outbound.clone()),
        requests: requests.to_vec(),
        rival: Some(rival),
    };
    let peer = peer.map(|modules| {
        let them = |title, name, sink: &[(&'static str, String)]| Contestant {
            title,
            name,
            modules: modules.clone(),
            settings: [keys.peer_settings(), sink.to_vec()].concat(),
            outbound: Some(outbound.clone()),
            requests: server.clone(),
            rival: None,
        };
        [them("peer", PEER, &[("SINK_URL", format!("{STORE}/"))]), them("peer, no sink", PEER_NO_SINK, &[])]
    });
    let floor = Contestant {
        title: "empty Rust Worker",
        name: EMPTY,
        modules: empty,
        settings: Vec::new(),
        outbound: None,
        // Nobody reads its body, and the runtime closes the connection over the rest of a large one.
        requests: if target == TRACK { server.clone() } else { vec![Request::get("/health")] },
        rival: None,
    };
    let mut all = vec![
        floor,
        us("Headwater", OURS, &ours, &server, PEER),
        us("Headwater, browser's key", OURS_BROWSER, &ours, &browser, PEER),
        us("Headwater, no sink", OURS_NO_SINK, &ours_no_sink, &server, PEER_NO_SINK),
        us("… with a browser's key", OURS_BROWSER_NO_SINK, &ours_no_sink, &browser, PEER_NO_SINK),
    ];
    all.extend(peer.into_iter().flatten());
    Ok(all)
}

fn our_settings() -> Vec<(&'static str, String)> {
    [
        ("CLICKHOUSE_URL", STORE),
        ("CLICKHOUSE_INSERT_USER", "ingest"),
        ("CLICKHOUSE_INSERT_PASSWORD", "bench"),
        ("CLICKHOUSE_READ_USER", "read"),
        ("CLICKHOUSE_READ_PASSWORD", "bench"),
        ("SUPABASE_URL", CONTROL_PLANE),
        ("SUPABASE_SECRET_KEY", "sb_secret_bench"),
        ("KEY_PEPPER", PEPPER),
        ("VISITOR_SECRET", "a secret of the benches, 32 bytes"),
        ("INTERNAL_SECRET", "bench"),
        // The peer writes to its sink before it answers, too.
        ("INGEST_SINK", "direct"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}
