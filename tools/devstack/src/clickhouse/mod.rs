//! The `clickhouse` subcommand: ClickHouse's HTTP interface over the embedded engine (chDB).
//!
//! Path of a request: `server`, `request`, `users`, `statement`, `execute`, `engine`, `ffi`; of its response: `output`,
//! `answer`. Each request has its own session in the engine, with its own database, settings and parameters.
//!
//! Differences from a real server:
//! - Users exist only in this HTTP interface. In the engine every session is `default`.
//! - `session_id` is accepted and ignored.
//! - Asynchronous inserts run synchronously.
//! - `INSERT … SELECT … FROM input()` and ClickHouse's own compression are refused.
//! - Whole-document formats such as JSON and Parquet are built in memory, up to 256 MiB.
//! - A query runs for at most ten minutes.
//! - Sources outside the data folder are refused.
//! - `SHOW DATABASES` lists one more, `_files`.

mod answer;
mod body;
mod engine;
mod error;
mod execute;
mod ffi;
mod format;
mod home;
mod output;
mod request;
mod server;
mod shutdown;
mod statement;
mod users;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;

use engine::Engine;
use ffi::{EngineLibrary, exit_now};
use home::Home;
use server::Server;
use shutdown::Signals;
use users::Users;

/// Time limit for running requests after a signal.
const GRACE: Duration = Duration::from_millis(2500);

/// Arguments of `devstack clickhouse`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Port on 127.0.0.1; 0 picks a free one.
    #[arg(long)]
    pub port: u16,
    /// Data folder; created if it does not exist.
    #[arg(long)]
    pub data: PathBuf,
    /// Path of the engine, libchdb.so.
    #[arg(long, env = "HEADWATER_CHDB_LIB")]
    pub lib: PathBuf,
    /// Default database of requests; created if it does not exist.
    #[arg(long, default_value = "default")]
    pub database: String,
    /// Maximum number of requests that use the engine at the same time. Others wait.
    #[arg(long, default_value_t = 32)]
    pub max_concurrent_queries: usize,
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// If the server cannot start: one sentence that says what to do.
pub async fn run(args: Args) -> anyhow::Result<()> {
    let users = Users::parse(std::env::var(users::VARIABLE).ok().as_deref())?;
    let home = Home::prepare(&args.data)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await.with_context(|| {
        format!("cannot listen on 127.0.0.1:{}: stop the process that listens there or pass another --port", args.port)
    })?;
    let address = listener.local_addr().context("the listening socket has no address")?;
    let library = load(&args.lib)?;
    let signals = Signals::listen().context("cannot receive signals")?;

    let (database, slots) = (args.database, args.max_concurrent_queries.max(1));
    let started = tokio::task::spawn_blocking(move || {
        Engine::start(library, &home, &database, slots).map(|engine| (engine, home))
    });
    // The lock of the data folder is held until the process exits.
    let (engine, _home) = match started.await.context("the engine's start panicked")? {
        Ok((engine, home)) => (Arc::new(engine), home),
        Err(error) => {
            eprintln!("devstack: {error:#}");
            // The engine's exit handlers crash after a start that failed halfway.
            exit_now(1);
        }
    };
    let server = Server { engine: Arc::clone(&engine), users };
    println!("ready http://{address}");

    let (ending, ended) = tokio::sync::oneshot::channel();
    let stopping = Arc::clone(&engine);
    let serving = axum::serve(listener, server::router(Arc::new(server))).with_graceful_shutdown(async move {
        signals.wait().await;
        tokio::task::spawn_blocking(move || stopping.kill_reads());
        // The receiver lives as long as the server.
        let _ = ending.send(());
    });
    tokio::select! {
        outcome = serving => outcome.context("the server stopped")?,
        () = async {
            // Without a signal the sender is not dropped.
            let _ = ended.await;
            tokio::time::sleep(GRACE).await;
        } => {}
    }
    // Blocks while a session is open; `shutdown` then ends the process.
    let closed = tokio::task::spawn_blocking(move || engine.close());
    closed.await.context("the engine's shutdown panicked")?;
    exit_now(0);
}

fn load(lib: &Path) -> anyhow::Result<EngineLibrary> {
    EngineLibrary::load(lib.as_os_str()).map_err(|error| {
        anyhow::anyhow!(
            "cannot load the engine from {}: install the npm package @chdb/lib for this machine and pass its \
             libchdb.so as --lib ({error})",
            lib.display()
        )
    })
}
