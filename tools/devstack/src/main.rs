//! `devstack`: starts one of the local stores.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use devstack::{clickhouse, postgres, postgrest};

/// Local stores for development and tests, on the loopback interface only.
#[derive(Debug, Parser)]
#[command(name = "devstack", version)]
struct Cli {
    #[command(subcommand)]
    store: Store,
}

#[derive(Debug, Subcommand)]
enum Store {
    /// Serve ClickHouse's HTTP interface over the embedded engine.
    Clickhouse(clickhouse::Args),
    /// Run a PostgreSQL server.
    Postgres(postgres::Args),
    /// Serve the part of PostgREST that the Worker uses, over a PostgreSQL server.
    Postgrest(postgrest::Args),
}

/// Stack size of every thread in bytes. The embedded engine parses and plans recursively on the calling thread and
/// refuses deep queries on a small stack.
const STACK_BYTES: usize = 8 << 20;

fn main() -> ExitCode {
    let store = Cli::parse().store;
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(start(store)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("devstack: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn start(store: Store) -> anyhow::Result<()> {
    match store {
        Store::Clickhouse(args) => clickhouse::run(args).await,
        Store::Postgres(args) => postgres::run(args).await,
        Store::Postgrest(args) => postgrest::run(args).await,
    }
}
