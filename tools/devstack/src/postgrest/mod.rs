//! Speaks the part of PostgREST that the Worker uses, over a real PostgreSQL.
//!
//! A request walks `access` (who asks) → `request` and `query` (what is asked) → `catalog` (what
//! the database has) → `read`, `write` or `rpc` (one SQL statement) → `transaction` → `response`.
//! What is not spoken is answered with 501, never with a guess.

mod access;
mod catalog;
mod config;
mod error;
mod filter;
mod media;
mod names;
mod payload;
mod pool;
mod prefer;
mod query;
mod raised;
mod range;
mod read;
mod request;
mod response;
mod route;
mod rpc;
mod sql;
mod sqlstate;
mod token;
mod transaction;
mod write;

use std::{net::Ipv4Addr, time::Duration};

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;

use self::{config::Config, route::Service};
use crate::postgres::signal::Stop;

/// How long requests under way may take to end after a signal.
const FAREWELL: Duration = Duration::from_secs(2);

/// What `devstack postgrest` takes; the rest comes from the environment, named as PostgREST names
/// it: `PGRST_DB_URI`, `PGRST_DB_SCHEMAS`, `PGRST_DB_ANON_ROLE`, `PGRST_JWT_SECRET`, and for the
/// gateway before it `DEVSTACK_SECRET_KEYS` and `DEVSTACK_PUBLISHABLE_KEYS`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 54321)]
    port: u16,
}

/// Serves until a signal ends it. The database need not be up yet.
///
/// # Errors
/// One sentence that says what to do: a setting that is missing or wrong, a port in use.
pub async fn run(args: Args) -> Result<()> {
    let config = Config::from_environment()?;
    let mut stop = Stop::listen()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await.with_context(|| {
        format!("port {} on 127.0.0.1 cannot be opened: stop what uses it or choose another with --port", args.port)
    })?;
    println!("ready http://127.0.0.1:{}", listener.local_addr()?.port());

    let (ending, ended) = tokio::sync::oneshot::channel::<()>();
    let serving = axum::serve(listener, Service::new(config).router()).with_graceful_shutdown(async {
        let _ = ended.await;
    });
    let mut serving = std::pin::pin!(serving.into_future());
    tokio::select! {
        served = &mut serving => return Ok(served?),
        () = stop.asked() => {}
    }
    drop(ending);
    if let Ok(served) = tokio::time::timeout(FAREWELL, serving).await {
        served?;
    }
    Ok(())
}
