//! `lint`: everything CI looks at without running the code.

mod deny;

use std::io::{IsTerminal as _, stdout};
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::state::{DEFAULT, State};
use crate::step::step;
use crate::{process, setup, stop, workspace};

/// The JavaScript linter's program among the npm packages.
const BIOME: &str = "@biomejs/biome/bin/biome";
/// TypeScript's compiler among them.
const TSC: &str = "typescript/bin/tsc";

/// Arguments of `lint`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Format Rust and JavaScript, and apply what can be put right by itself, before looking.
    #[arg(long)]
    fix: bool,
}

/// Runs `cargo xtask lint`: all checks, also after one has failed.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut state = State::at(Path::new(DEFAULT))?;
    state.create()?;
    setup::wasm_target(&state)?;
    setup::npm_packages(&state)?;
    let node = setup::node()?;
    let mut checks = Checks { failed: Vec::new() };
    if args.fix {
        checks.run("rustfmt (fix)", cargo(&["fmt", "--all"]))?;
        checks.run("biome (fix)", script(&node, BIOME, &["check", "--write", "."]))?;
    }

    checks.run("rustfmt", cargo(&["fmt", "--all", "--check"]))?;
    let clippy_host = ["clippy", "--quiet", "--workspace", "--all-targets", "--features", "xtask/tls,fuzz/targets"];
    checks.run("clippy (host)", denying_warnings(cargo(&clippy_host)))?;
    let clippy_wasm = ["clippy", "--quiet", "--package", "headwater", "--lib", "--target", "wasm32-unknown-unknown"];
    checks.run("clippy (wasm32)", denying_warnings(cargo(&clippy_wasm)))?;
    deny::check(&mut checks, &state)?;
    checks.run("biome", script(&node, BIOME, &["ci", "--error-on-warnings", "."]))?;
    checks.run("tsc", script(&node, TSC, &["--project", "tsconfig.json"]))?;
    checks.run("tsc (sdk-node)", script(&node, TSC, &["--project", "sdk-node", "--noEmit"]))?;
    checks.run("tsc (sdk-browser)", script(&node, TSC, &["--project", "sdk-browser", "--noEmit"]))?;
    checks.run("sdk-browser (size, served script)", served_script(&node))?;

    if checks.failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("\nfailed: {}", checks.failed.join(", "));
    Ok(ExitCode::FAILURE)
}

/// The checks done so far.
pub(crate) struct Checks {
    failed: Vec<&'static str>,
}

impl Checks {
    /// Runs a check with its output shown, and remembers whether it failed.
    pub(crate) fn run(&mut self, title: &'static str, command: Command) -> Result<()> {
        let passed =
            step(
                title,
                || {
                    if process::run_in_group(command, None)?.success() { Ok(()) } else { anyhow::bail!("failed") }
                },
            );
        stop::check()?;
        if passed.is_err() {
            self.failed.push(title);
        }
        Ok(())
    }
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = workspace::cargo();
    command.args(arguments);
    command
}

fn denying_warnings(mut clippy: Command) -> Command {
    clippy.args(["--", "--deny", "warnings"]);
    clippy
}

fn script(node: &Path, path: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(node);
    command.current_dir(workspace::root()).arg(workspace::node_module(path)).args(arguments);
    if path == BIOME && !stdout().is_terminal() {
        // It colours a pipe, too, and multiplies its length.
        command.arg("--colors=off");
    }
    command
}

/// Fails where the script for pages is over its budget, or the one that the Worker embeds is not what its source makes.
fn served_script(node: &Path) -> Command {
    let mut command = Command::new(node);
    command.current_dir(workspace::root()).args(["sdk-browser/build.mjs", "--check"]);
    command
}
