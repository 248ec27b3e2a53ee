//! Waits for futures: the commands are plain blocking code, the stores' clients are not.

use std::sync::OnceLock;

use anyhow::{Context as _, Result};
use tokio::runtime::{Builder, Runtime};

/// One for the whole program: connections that are kept open belong to it.
static RUNTIME: OnceLock<Runtime> = OnceLock::new();

/// Waits for a future. Any number of threads may wait at a time.
pub(crate) fn wait<F: Future>(future: F) -> Result<F::Output> {
    Ok(runtime()?.block_on(future))
}

fn runtime() -> Result<&'static Runtime> {
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime =
        Builder::new_multi_thread().worker_threads(1).enable_all().build().context("cannot start the runtime")?;
    Ok(RUNTIME.get_or_init(|| runtime))
}
