//! Runs a real PostgreSQL server, set up the way a new Supabase project is.
//!
//! `binaries` finds the server's programs, `account` chooses the account they run as, `cluster` makes the
//! data folder, `server` owns the process, `bootstrap` applies the roles and schemas.

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

/// How often a start is tried again when it failed for a reason that passes by itself.
const ATTEMPTS: u32 = 4;

/// What `devstack postgres` takes. The superuser's password comes from the environment
/// (`DEVSTACK_POSTGRES_PASSWORD`), where other users of the machine cannot read it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 54322)]
    port: u16,
    /// Folder that keeps the data; made where absent.
    #[arg(long)]
    data: PathBuf,
    /// Folder with `initdb` and `postgres`; by default the newest installed one.
    #[arg(long)]
    bin: Option<PathBuf>,
}

/// Runs the server until a signal ends it.
///
/// # Errors
/// One sentence that says what to do: no programs, port in use, a data folder that cannot be used.
pub async fn run(args: Args) -> Result<()> {
    let password = std::env::var("DEVSTACK_POSTGRES_PASSWORD").unwrap_or_default();
    if password.is_empty() {
        bail!("set DEVSTACK_POSTGRES_PASSWORD to the password the superuser `postgres` has or shall get");
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

/// The running server, or nothing where a signal came first.
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
            // A port taken between the look and the bind, or the memory of a server that was
            // killed a moment ago: both are gone on the next try.
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

/// PostgreSQL cannot choose a port itself, so the listener is opened once to find or check one.
fn free_port(wanted: u16) -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).with_context(|| {
        format!("port {wanted} on 127.0.0.1 cannot be opened: stop what uses it or choose another with --port")
    })?;
    Ok(listener.local_addr()?.port())
}
