//! `bench track` and `bench batch`: the cost of taking events, compared with an empty Worker and with a peer, the same
//! routes written in Hono and zod.
//!
//! Two variants get the same requests: with a sink that answers as the store in the same process (`sink.mjs`), and
//! without any store, which leaves only the Worker's own cost.

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

/// Arguments of both benchmarks.
#[derive(Debug, clap::Args)]
pub(crate) struct IngestArgs {
    #[command(flatten)]
    pub(super) common: super::Args,
    /// Source folder of the peer, which is not part of this repository. Without it, the peer is left out.
    #[arg(long, value_name = "DIR", env = "HEADWATER_BENCH_PEER")]
    peer: Option<PathBuf>,
    /// Instead of measuring, put each contestant under load once and print its most expensive functions, sampled by
    /// Linux's `perf`.
    #[arg(long)]
    profile: bool,
    /// After the rounds, also send the requests to this Worker over real stores, directly and through the buffer.
    /// Starts a separate stack and has no goal.
    #[arg(long, conflicts_with = "profile")]
    store: bool,
}

/// Number of different requests, sent in turn.
const TRACK_BODIES: usize = 64;
const BATCH_BODIES: usize = 8;
/// Events per batch: the most that the API accepts.
const EVENTS: u32 = 1000;

/// The routes.
const TRACK: &str = "/v1/track";
const BATCH: &str = "/v1/batch";

/// Answers every fetch of a contestant.
const SINK: &str = include_str!("sink.mjs");
/// Addresses of the stores, for the contestants.
const STORE: &str = "http://store.invalid";
const CONTROL_PLANE: &str = "http://control-plane.invalid";
/// Feature of the Worker crate that drops events instead of storing them.
const NO_SINK: &str = "bench-no-sink";

/// Names of contestants, which goals refer to.
const EMPTY: &str = "empty-worker";
const OURS: &str = "headwater";
const OURS_BROWSER: &str = "headwater-browser";
const PEER: &str = "peer";
const OURS_NO_SINK: &str = "headwater-no-sink";
const OURS_BROWSER_NO_SINK: &str = "headwater-browser-no-sink";
const PEER_NO_SINK: &str = "peer-no-sink";

/// One event per request.
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

/// A thousand events per request.
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

/// `bench track --store`.
pub(super) fn track_store(args: &IngestArgs, state: &State) -> Result<()> {
    let bodies = (0..TRACK_BODIES).map(events::single).collect();
    over_store(args, &Asked { target: TRACK, bodies, events: 1 }, 5_000, state)
}

/// `bench batch --store`.
pub(super) fn batch_store(args: &IngestArgs, state: &State) -> Result<()> {
    let bodies = (0..BATCH_BODIES).map(|index| events::batch(index, EVENTS as usize)).collect();
    over_store(args, &Asked { target: BATCH, bodies, events: EVENTS }, 100, state)
}

fn over_store(args: &IngestArgs, asked: &Asked, requests: u32, state: &State) -> Result<()> {
    if !args.store {
        return Ok(());
    }
    let load = Load { connections: args.common.connections, requests: args.common.requests.unwrap_or(requests) };
    store::measure(asked, load, &state.file("bundles/headwater"), state)
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
        // An empty Worker does not read the body, and the runtime closes the connection if the rest of it is large.
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
        // The peer also writes to its sink before it answers.
        ("INGEST_SINK", "direct"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}
