//! The `postgres` subcommand.

/// What the `postgres` subcommand is told.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the server until it is told to end.
#[allow(clippy::unused_async)]
pub async fn run(_args: Args) -> anyhow::Result<()> {
    anyhow::bail!("`devstack postgres` is not there yet")
}
