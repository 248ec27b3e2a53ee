//! `headwater import`: sends the page requests of a web server's access log as events.
//!
//! `log` parses lines and decides which are page requests, `reader` makes batches of events, `send` sends them to the
//! Worker through the public `POST /v1/batch`; this file connects the three and counts.

mod batch;
mod event;
mod identity;
mod log;
mod message;
mod reader;
mod send;
mod site;
mod tally;
mod target;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Error, Result, ensure};

use crate::format::Format;
use crate::screen::Screen;
use crate::state::StateArg;
use crate::stop;
use identity::Identity;
use log::{Input, Progress};
use message::Message;
use reader::Reader;
use send::Courier;
use site::Origin;
use tally::Tally;
use target::Target;

/// Requests under way at a time.
const COURIERS: usize = 2;

/// What `--help` says below the options.
const RULES: &str = "\
Page requests become `pageview` events: GET requests with status 2xx or 3xx that are neither an asset (styles, scripts,
images, fonts, robots.txt …) nor a download (archives, documents, audio, video, feeds), both by file extension. All
other lines are skipped and counted by reason; lines that cannot be parsed are also shown. The visitor's IP address and
user agent are sent along; the Worker uses them as it uses a browser's own, and does not store them.

A log can be imported again, also after it has grown: each line counts once, and identical lines count separately.
\"accepted\" then includes events that were already stored.";

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
#[command(after_help = RULES)]
pub struct Args {
    /// Access log of Apache or nginx (combined or common format, with or without the virtual host in front), plain or
    /// gzip; `-` for standard input.
    file: PathBuf,
    /// Project of the local stack. If --key is given, the key determines the project.
    #[arg(long, default_value = crate::control::DEMO)]
    project: String,
    #[command(flatten)]
    state: StateArg,
    /// URL of another Worker than the local stack's.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Secret key (sk_…) of the project. Set it in the environment, where other users cannot see it.
    #[arg(long, env = "HEADWATER_KEY", hide_env_values = true, value_name = "KEY")]
    key: Option<String>,
    /// Site of the pages, if the lines do not name it. If not given, it is taken from the referrers of images and
    /// styles in the log.
    #[arg(long, value_name = "ORIGIN")]
    site: Option<Origin>,
    /// Secret from which the event ids are derived; the key if not given. Without a secret, the ids would reveal the IP
    /// addresses. After a change of keys, give the old key here, so that events imported before are recognized.
    #[arg(long, env = "HEADWATER_ID_SECRET", hide_env_values = true, value_name = "SECRET")]
    id_secret: Option<String>,
    #[command(flatten)]
    format: Format,
}

/// Runs `headwater import`.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let target = Target::of(args)?;
    let identity = Identity::new(args.id_secret.as_deref().unwrap_or(&target.key))?;
    let Input { bytes, progress } = Input::open(&args.file)?;
    let mut screen = Screen::default();

    let (messages, told) = channel();
    let (batches, queue) = sync_channel(1);
    let queue = Arc::new(Mutex::new(queue));
    let target = Arc::new(target);
    for _ in 0..COURIERS {
        let courier = Courier::new(Arc::clone(&target), Arc::clone(&queue), messages.clone())?;
        thread::spawn(move || courier.run());
    }
    // Only the couriers hold the queue: when both have given up, the reader's next send fails.
    drop(queue);
    let site = args.site.clone();
    thread::spawn(move || {
        let (site, bytes) = match site {
            Some(site) => (Some(site), bytes),
            None => site::guess(bytes),
        };
        let _ = messages.send(Message::Site(site.clone()));
        Reader::new(site, identity, messages, batches).run(bytes);
    });

    let mut import = Import::default();
    let outcome = import.follow(&told, &progress, &mut screen);
    let time = screen.elapsed();
    screen.clear();
    let site = import.site.as_ref().map(Origin::as_str);
    args.format.show(&import.tally.to_json(site, time), |_| println!("{}", import.tally.to_text(site, time)));
    match outcome {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            eprintln!(
                "  not finished: {} of the {} page requests read were sent",
                import.tally.answered(),
                import.tally.pages
            );
            eprintln!("  it is safe to run it again: events that are stored do not count twice");
            Err(error)
        }
    }
}

/// The state of an import.
#[derive(Default)]
struct Import {
    tally: Tally,
    site: Option<Origin>,
    read_error: Option<Error>,
}

impl Import {
    /// Counts and prints until all threads have ended, one fails, or a signal arrives. Threads that are still running
    /// then end with the process.
    fn follow(&mut self, told: &Receiver<Message>, progress: &Progress, screen: &mut Screen) -> Result<()> {
        loop {
            stop::check()?;
            match told.recv_timeout(stop::TICK) {
                Ok(message) => self.take(message, screen)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            screen.update(progress.share(), |time| self.tally.line(time));
        }
        if let Some(error) = self.read_error.take() {
            return Err(error);
        }
        // A thread that ended without a message must not look like success.
        ensure!(self.tally.answered() == self.tally.pages, "not every page request was sent");
        Ok(())
    }

    fn take(&mut self, message: Message, screen: &Screen) -> Result<()> {
        match message {
            Message::Site(site) => {
                self.site = site;
            }
            Message::Counted(tally) => self.tally += tally,
            Message::BrokenLine(number, reason, start) => {
                screen.say(&format!("cannot parse line {number}: {reason}\n      {start}"));
            }
            Message::RefusedLine(number, code, detail) => {
                screen.say(&format!("line {number} was rejected: {code}: {detail}"));
            }
            Message::Retrying(reason, seconds) => screen.say(&format!("{reason}; retrying in {seconds:.1} s")),
            Message::ReadFailed(error) => self.read_error = Some(error),
            Message::SendFailed(error) => return Err(error),
        }
        Ok(())
    }
}
