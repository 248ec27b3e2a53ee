//! `headwater`: what an operator of Headwater runs. The commands are in the library, which `cargo xtask` shares.

use std::process::ExitCode;

use clap::Parser;

/// Operates Headwater: organizations, projects, keys, migrations, imports, upkeep and health.
#[derive(Debug, Parser)]
#[command(name = "headwater", version, propagate_version = true, after_help = headwater_cli::EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: headwater_cli::Command,
}

fn main() -> ExitCode {
    headwater_cli::exit(|| headwater_cli::run(&Cli::parse().command))
}
