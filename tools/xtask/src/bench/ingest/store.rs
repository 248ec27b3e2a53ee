//! `--store`: the same requests to this Worker over the real engines of a stack of its own, straight to the store and
//! through the buffer. Told, with no goal: what the engine takes is in the requests/s and not in the processor time.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use intake::key::Env;

use crate::control::ControlPlane;
use crate::demo::one_of_each;
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

/// Slug of the organization and the project.
const BENCH: &str = "bench";
/// Longest that the buffer may take to send on what it was given.
const AFTERMATH: Duration = Duration::from_mins(5);

/// What is asked.
#[derive(Debug)]
pub(in super::super) struct Asked {
    pub(super) target: &'static str,
    pub(super) bodies: Vec<Vec<u8>>,
    /// Events in each.
    pub(super) events: u32,
}

/// Runs the stores, and this Worker over them with each sink in turn; prints what it took.
pub(in super::super) fn tell(asked: &Asked, load: Load, bundle: &Path, state: &State) -> Result<()> {
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
    let (elapsed, cpu) = step(&format!("real store, {sink}"), || {
        let worker = Worker::start(state, bundle, &settings)?;
        let address: SocketAddr = worker.url.trim_start_matches("http://").parse().context("the Worker's address")?;
        // The first one alone: it looks the key up for all.
        Load { connections: 1, requests: 1 }.run(address, &requests)?;
        Load { requests: (load.requests / 4).max(1), ..load }.run(address, &requests)?;
        let before = cpu::of(worker.process())?;
        let begin = Instant::now();
        load.run(address, &requests)?;
        // Sending on is a part of it.
        while sink == "buffer" && worker.waiting(&keys.ak)? > 0 {
            ensure!(begin.elapsed() < AFTERMATH, "the buffer does not become empty");
            stop::pause()?;
        }
        Ok((begin.elapsed().as_secs_f64(), cpu::of(worker.process())?.saturating_sub(before)))
    })?;
    let count = f64::from(load.requests);
    println!(
        "real store, {sink}: {:.0} requests/s, {:.0} events/s, {:.0} µs of the Worker's processor time a request",
        count / elapsed,
        count * f64::from(asked.events) / elapsed,
        cpu.as_secs_f64() * 1e6 / count,
    );
    Ok(())
}
