//! `--store`: sends the same requests to this Worker over real stores in a separate stack, directly and through the
//! buffer. It has no goal: the engine's own CPU time lowers the requests/s but is not part of the reported CPU time.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use intake::key::Env;

use crate::control::ControlPlane;
use crate::control::one_of_each;
use crate::dev_file::DevFile;
use crate::faults::Worker;
use crate::project::{self, Settings};
use crate::secrets::Secrets;
use crate::stack::{Bundle, Options, Stack, worker_settings};
use crate::state::State;
use crate::step::step;
use crate::{setup, stop, strays};

use super::super::contestant::Request;
use super::super::cpu;
use super::super::load::Load;
use super::events;

/// Slug of the organization and of its project.
const BENCH: &str = "bench";
/// Time limit for the buffer to become empty.
const AFTERMATH: Duration = Duration::from_mins(5);

/// The requests.
#[derive(Debug)]
pub(in super::super) struct Asked {
    pub(super) target: &'static str,
    pub(super) bodies: Vec<Vec<u8>>,
    /// Events per request.
    pub(super) events: u32,
}

/// Starts the stores, then measures this Worker over them with each sink in turn and prints the figures.
pub(in super::super) fn measure(asked: &Asked, load: Load, bundle: &Path, state: &State) -> Result<()> {
    let tools = setup::all(state, setup::Needs { clickhouse: true, postgres: true, worker: false })?;
    let data = state.file("data");
    if data.exists() {
        std::fs::remove_dir_all(&data)?;
    }
    let (mut stack, dev) = Stack::start(state, &tools, &Options::anywhere(true), Bundle::Fixed)?;
    let outcome = ["direct", "buffer"].iter().try_for_each(|sink| over(sink, asked, load, bundle, &dev, state));
    stack.stop();
    strays::end(state.dir())?;
    outcome
}

fn over(sink: &str, asked: &Asked, load: Load, bundle: &Path, dev: &DevFile, state: &State) -> Result<()> {
    let secrets = Secrets::of(state)?;
    let control = ControlPlane::of(&dev.stores, &secrets)?;
    control.organization(BENCH, BENCH)?;
    project::ensure(&control, BENCH, BENCH, &Settings::unlimited())?;
    let keys = one_of_each(&control, BENCH, BENCH, Env::Live)?;
    let mut settings = worker_settings(&dev.stores, &secrets);
    settings.push(("INGEST_SINK", sink));
    let requests = events::requests(asked.target, &asked.bodies, &keys.sk);
    let requests: Vec<Vec<u8>> = requests.iter().map(Request::bytes).collect();
    let (elapsed, cpu) = step(&format!("real stores, {sink}"), || {
        let worker = Worker::start(state, bundle, &settings)?;
        let address: SocketAddr =
            worker.url.trim_start_matches("http://").parse().context("invalid address of the Worker")?;
        // A single request first: it looks up the key and caches it.
        Load { connections: 1, requests: 1 }.run(address, &requests)?;
        Load { requests: (load.requests / 4).max(1), ..load }.run(address, &requests)?;
        let before = cpu::of(worker.process())?;
        let begin = Instant::now();
        load.run(address, &requests)?;
        // Writing the buffered events to the store is included.
        while sink == "buffer" && worker.waiting(&keys.ak)? > 0 {
            ensure!(begin.elapsed() < AFTERMATH, "the buffer is not empty after five minutes");
            stop::pause()?;
        }
        Ok((begin.elapsed().as_secs_f64(), cpu::of(worker.process())?.saturating_sub(before)))
    })?;
    let count = f64::from(load.requests);
    println!(
        "real stores, {sink}: {:.0} requests/s, {:.0} events/s, {:.0} µs of the Worker's CPU time per request",
        count / elapsed,
        count * f64::from(asked.events) / elapsed,
        cpu.as_secs_f64() * 1e6 / count,
    );
    Ok(())
}
