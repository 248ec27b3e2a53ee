//! `up`: runs the whole stack on this machine.

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::dev_file::DevFile;
use crate::stack::{Bundle, Options, Stack};
use crate::state::{State, StateArg};
use crate::step::note;
use crate::{setup, stop, strays, workspace};

/// Arguments of `up`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Return when the stack is ready and keep it running in the background. Stop it with `cargo xtask down`.
    #[arg(long)]
    detach: bool,
    /// Marks the background process of `--detach`.
    #[arg(long, hide = true)]
    background: bool,
    #[command(flatten)]
    state: StateArg,
    #[command(flatten)]
    options: Options,
}

/// Runs `cargo xtask up`.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let (clickhouse, supabase) = (&args.options.clickhouse, &args.options.supabase);
    headwater_cli::tls::check(
        [&clickhouse.clickhouse_url, &supabase.supabase_url, &supabase.supabase_db_url].map(Option::as_deref),
    )?;
    let mut state = args.state.open()?;
    state.create()?;
    if args.detach && !args.background {
        return detach(&state);
    }
    if args.background {
        // In its own session, the process survives the terminal.
        nix::unistd::setsid()?;
    }
    let Some(_held) = state.hold()? else {
        return Err(already_running(&state));
    };
    let _ = std::fs::remove_file(state.dev_file());
    let left = strays::end(state.dir())?;
    if left > 0 {
        note(&format!("stopped {left} processes left behind by an earlier run"));
    }
    let tools = setup::all(&state, args.options.needs())?;
    let (mut stack, dev) = Stack::start(&state, &tools, &args.options, Bundle::Watched)?;
    summary(&state, &dev, args.background);
    state.write("dev.json", &dev)?;
    let outcome = stack.supervise();
    let _ = std::fs::remove_file(state.dev_file());
    println!("Stopping the stack …");
    stack.stop();
    strays::end(state.dir())?;
    outcome.map(|()| ExitCode::SUCCESS)
}

fn already_running(state: &State) -> anyhow::Error {
    anyhow::anyhow!(
        "a stack is already running in {}: show it with `cargo xtask status` or stop it with `cargo xtask down`. \
         To run a second stack, choose another folder with --state and other ports",
        workspace::shown(state.dir())
    )
}

/// Starts this program in the background and copies its output until the stack is ready.
fn detach(state: &State) -> Result<ExitCode> {
    if state.holder()?.is_some() {
        return Err(already_running(state));
    }
    let _ = std::fs::remove_file(state.dev_file());
    let path = state.log("up");
    let log = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    arguments.push("--background".into());
    let mut child = Command::new(workspace::this_program()?)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start the background process")?;

    let mut shown = File::open(&path)?;
    loop {
        // Checked before the log is read, so that no output is missed.
        let ready = state.dev_file().exists();
        let ended = child.try_wait()?;
        let mut news = Vec::new();
        shown.read_to_end(&mut news)?;
        std::io::stdout().write_all(&news)?;
        if let Some(status) = ended {
            // The log, printed above, has the reason.
            let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
            return Ok(ExitCode::from(code.max(1)));
        }
        if ready {
            return Ok(ExitCode::SUCCESS);
        }
        if stop::pause().is_err() {
            kill(Pid::from_raw(i32::try_from(child.id())?), Signal::SIGTERM)?;
            child.wait()?;
            bail!(stop::Interrupted);
        }
    }
}

/// Prints addresses, keys and example commands.
fn summary(state: &State, dev: &DevFile, background: bool) {
    let stores = &dev.stores;
    println!("\nHeadwater is running.\n");
    if !dev.worker_url.is_empty() {
        println!("  Worker      {}", dev.worker_url);
    }
    println!("  ClickHouse  {} (database {})", stores.clickhouse_url, stores.clickhouse_database);
    println!("  PostgREST   {}", stores.postgrest_url);
    if !dev.worker_url.is_empty() {
        let keys = &dev.keys;
        println!("\nKeys of the demo project (env live)");
        for (what, key) in
            [("publishable", &keys.pk), ("secret", &keys.sk), ("read-only", &keys.rk), ("account", &keys.ak)]
        {
            println!("  {what:<12}{key}");
        }
        let test = &dev.test_keys;
        println!("\nCount visits of a local page (http://localhost:…) in env test, then ask for them");
        println!("  <script defer src=\"{}/v1/a.js\" data-key=\"{}\" data-debug></script>", dev.worker_url, test.pk);
        println!(
            "  curl '{}/v1/stats?metric=events,visitors&group_by=event,path' -H 'Authorization: Bearer {}'",
            dev.worker_url, test.rk
        );
        println!("\nSend an event from a server in env live, then ask for its source");
        println!("  curl {}/ready", dev.worker_url);
        println!(
            "  curl {}/v1/track -H 'Authorization: Bearer {}' -H 'Content-Type: application/json' \\\n    \
             -d '{{\"event\":\"pageview\",\"url\":\"https://example.com/pricing?utm_source=newsletter&utm_medium=email\",\"anonymous_id\":\"visitor-1\"}}'",
            dev.worker_url, keys.sk
        );
        println!(
            "  curl '{}/v1/stats?metric=events,visitors&group_by=source,medium' -H 'Authorization: Bearer {}'",
            dev.worker_url, keys.rk
        );
    }
    let stop = if background { "cargo xtask down" } else { "Ctrl-C" };
    println!("\n  Data, logs and secrets  {}", workspace::shown(state.dir()));
    println!("  Sample traffic          cargo xtask seed");
    println!("  Stop                    {stop}");
}
