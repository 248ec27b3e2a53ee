//! Runs a real PostgreSQL server that is set up like a new Supabase project.
//!
//! `binaries` finds the server's programs, `account` chooses their account, `cluster` creates the data folder, `server`
//! runs the process, `bootstrap` creates the roles and schemas.

mod account;
mod binaries;
mod bootstrap;
mod cluster;
mod parent;
mod server;
pub(crate) mod signal;

use std::{
    net::{Ipv4Addr, TcpListener},
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use self::{account::Account, binaries::Binaries, cluster::Cluster, server::Server};

/// Maximum number of attempts to start, if the cause of a failure is temporary.
const ATTEMPTS: u32 = 4;

/// Arguments of `devstack postgres`. The superuser's password is in the environment (`DEVSTACK_POSTGRES_PASSWORD`),
/// where other users of the machine cannot read it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Port on 127.0.0.1; 0 picks a free one.
    #[arg(long, default_value_t = 54322)]
    port: u16,
    /// Data folder; created if it does not exist.
    #[arg(long)]
    data: PathBuf,
    /// Folder with `initdb` and `postgres` [default: the newest installed version].
    #[arg(long)]
    bin: Option<PathBuf>,
}

/// Runs the server until SIGTERM or SIGINT.
///
/// # Errors
/// One sentence that says what to do, for example if a port is in use or the data folder is not usable.
pub async fn run(args: Args) -> Result<()> {
    let password = std::env::var("DEVSTACK_POSTGRES_PASSWORD").unwrap_or_default();
    if password.is_empty() {
        bail!("set DEVSTACK_POSTGRES_PASSWORD to the password of the superuser `postgres`");
    }
    let mut stop = signal::Stop::listen()?;
    let binaries = Binaries::find(args.bin.as_deref())?;
    let cluster = Cluster::open(&args.data)?;
    let account = Account::choose(&binaries, cluster.folder())?;

    tokio::select! {
        prepared = cluster.prepare(&binaries, &account, &password) => prepared?,
        () = stop.asked() => return Ok(()),
    }
    let Some(server) = start(&args, &binaries, &cluster, &account, &password, &mut stop).await? else {
        return Ok(());
    };
    server.run_until(&mut stop).await
}

/// Starts the server. Returns `None` if a signal came first.
async fn start(
    args: &Args,
    binaries: &Binaries,
    cluster: &Cluster,
    account: &Account,
    password: &str,
    stop: &mut signal::Stop,
) -> Result<Option<Server>> {
    let mut attempt = 1;
    loop {
        let port = free_port(args.port)?;
        let mut server = Server::spawn(binaries, cluster, account, port)?;
        let started = tokio::select! {
            started = server.ready(password) => started,
            () = stop.asked() => {
                server.stop().await;
                return Ok(None);
            }
        };
        match started {
            Ok(client) => {
                if let Err(error) = bootstrap::apply(client, password).await {
                    server.stop().await;
                    return Err(error);
                }
                println!("ready postgres://postgres@127.0.0.1:{port}/postgres");
                return Ok(Some(server));
            }
            // Temporary causes: another process took the port after the check, or the shared memory of a server that
            // was just killed still exists.
            Err(failure) if failure.passes && attempt < ATTEMPTS => {
                attempt += 1;
                server.stop().await;
                tokio::time::sleep(Duration::from_millis(400)).await;
            }
            Err(failure) => {
                server.stop().await;
                return Err(failure.error);
            }
        }
    }
}

/// Checks that the port is free, or picks a free one, because PostgreSQL cannot.
fn free_port(wanted: u16) -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).with_context(|| {
        format!("cannot listen on 127.0.0.1:{wanted}: stop the process that listens there or pass another --port")
    })?;
    Ok(listener.local_addr()?.port())
}
