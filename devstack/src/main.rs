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
    /// Serves ClickHouse's HTTP interface over the embedded engine.
    Clickhouse(clickhouse::Args),
    /// Runs a PostgreSQL server.
    Postgres(postgres::Args),
    /// Serves the part of PostgREST the Worker uses, over a PostgreSQL server.
    Postgrest(postgrest::Args),
}

#[tokio::main]
async fn main() -> ExitCode {
    let outcome = match Cli::parse().store {
        Store::Clickhouse(args) => clickhouse::run(args).await,
        Store::Postgres(args) => postgres::run(args).await,
        Store::Postgrest(args) => postgrest::run(args).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("devstack: {error:#}");
            ExitCode::FAILURE
        }
    }
}
