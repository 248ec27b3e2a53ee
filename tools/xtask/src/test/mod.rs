//! `test`: all suites over a stack of their own, with fresh data, beside whatever else runs.

mod counts;
mod lanes;
mod leaks;
mod share;
mod suites;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::stack::{Bundle, Options, Stack};
use crate::state::State;
use crate::step::note;
use crate::{setup, strays};

use counts::Counts;

/// State folder of the test stack.
const STATE: &str = ".headwater/test";

/// Which tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Suite {
    /// `cargo test`, which includes the store clients over real stores.
    Unit,
    /// The `*.test.mjs` files, which talk to the Worker.
    E2e,
}

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// One suite only.
    suite: Option<Suite>,
    /// Unit: part of a test's name. End to end: part of a file's path, or several with commas, else of a test's name.
    pattern: Option<String>,
    /// Repeat what is random or under load much more often: hours of made-up input instead of minutes.
    #[arg(long)]
    long: bool,
}

/// Runs `cargo xtask test`.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut state = State::at(Path::new(STATE))?;
    state.create()?;
    let Some(_held) = state.hold()? else {
        bail!("another test run uses {STATE}: wait for it, or end it with `cargo xtask down --state {STATE}`");
    };
    let left = strays::end(state.dir())?;
    if left > 0 {
        note(&format!("ended {left} processes that an earlier run had left"));
    }
    let data = state.file("data");
    if data.exists() {
        std::fs::remove_dir_all(data)?;
    }

    let _ = std::fs::remove_file(state.file(leaks::USED));
    let (unit, e2e) = (args.suite != Some(Suite::E2e), args.suite != Some(Suite::Unit));
    let options = Options::anywhere(!e2e);
    let tools = setup::all(&state, options.needs())?;
    let (mut stack, dev) = Stack::start(&state, &tools, &options, Bundle::Fixed)?;
    state.write("dev.json", &dev)?;

    let outcome = (|| {
        let mut counts = Counts::default();
        if unit {
            counts += suites::unit(&state, &tools, args.pattern.as_deref(), args.long)?;
        }
        if e2e {
            counts += suites::end_to_end(&state, &tools, args.pattern.as_deref(), args.long)?;
            counts += leaks::search(&state)?;
        }
        anyhow::Ok(counts)
    })();
    let _ = std::fs::remove_file(state.dev_file());
    stack.stop();
    strays::end(state.dir())?;
    let counts = outcome?;
    println!("\n{counts}");
    Ok(if counts.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
