//! Speaks the part of PostgREST that the Worker and the commands use, over a real PostgreSQL:
//! `POST /rest/v1/rpc/{function}` with a JSON object, and the public key set of Supabase Auth.
//!
//! A request passes `access` (which role), `function` (which overload) and `call` (one transaction).
//! Everything else that a real PostgREST may answer gets 501, never a guess.

mod access;
mod call;
mod config;
mod error;
mod function;
mod pool;
mod route;
mod sqlstate;
mod token;

use std::{net::Ipv4Addr, time::Duration};

use anyhow::{Context as _, Result};
use tokio::net::TcpListener;

use self::{config::Config, route::Service};
use crate::postgres::signal::Stop;

/// How long open requests may take to finish after a signal.
const GRACE_PERIOD: Duration = Duration::from_secs(2);

/// Arguments of `devstack postgrest`. The rest comes from the environment, with PostgREST's names:
/// `PGRST_DB_URI`, `PGRST_JWT_SECRET`; and for the gateway in front of it `DEVSTACK_SECRET_KEYS` and
/// `DEVSTACK_PUBLISHABLE_KEYS`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 54321)]
    port: u16,
}

/// Serves until a signal ends it. The database need not be up yet.
///
/// # Errors
/// A missing or invalid setting, or a port in use, with what to do about it.
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
    if let Ok(served) = tokio::time::timeout(GRACE_PERIOD, serving).await {
        served?;
    }
    Ok(())
}
