//! `import-log`: the page requests of a web server's access log, sent as events.
//!
//! `log` reads lines and judges them, `reader` makes batches of events of them, `send` brings those to
//! the Worker through the public `POST /v1/batch`; this file ties them together and counts.

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
Page requests become `pageview` events: GET, answered with 2xx or 3xx, and neither an asset (styles, scripts, images,
fonts, robots.txt …) nor a download (archives, documents, sound, video, feeds), both by extension. All other lines are
left out and counted by reason, broken ones also shown. The visitor's address and user agent go along; the Worker uses
them as it does a browser's own and does not store them.

A log may be imported again, also after it has grown: each line counts once, and identical lines each for themselves.
\"accepted\" then includes what had been stored before.";

/// Arguments of `import-log`.
#[derive(Debug, clap::Args)]
#[command(after_help = RULES)]
pub(crate) struct Args {
    /// Access log of Apache or nginx (combined or common format, virtual host in front or not),
    /// plain or gzip; `-` for standard input.
    file: PathBuf,
    /// Project of the local stack. With a key of its own given, the key says which project it is.
    #[arg(long, default_value = crate::demo::DEMO)]
    project: String,
    #[command(flatten)]
    state: StateArg,
    /// The Worker of another deployment.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Secret key (sk_…) of the project. Better in the environment, where other users cannot see it.
    #[arg(long, env = "HEADWATER_KEY", hide_env_values = true, value_name = "KEY")]
    key: Option<String>,
    /// Site whose pages these are, where the lines do not name it. If not given, the site that the
    /// log's own pages load their images and styles from.
    #[arg(long, value_name = "ORIGIN")]
    site: Option<Origin>,
    /// Secret under which the lines' ids are made; the key if not given. Without a secret, the ids
    /// would betray the addresses. Give the old key here after a change of keys, so that what was
    /// imported before is known.
    #[arg(long, env = "HEADWATER_ID_SECRET", hide_env_values = true, value_name = "SECRET")]
    id_secret: Option<String>,
    /// Print the summary as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Runs `cargo xtask import-log`.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let target = Target::of(args)?;
    let identity = Identity::new(args.id_secret.as_deref().unwrap_or(&target.key))?;
    let Input { bytes, progress } = Input::open(&args.file)?;
    let mut screen = Screen::new();

    let (messages, told) = channel();
    let (batches, queue) = sync_channel(1);
    let queue = Arc::new(Mutex::new(queue));
    let target = Arc::new(target);
    for _ in 0..COURIERS {
        let courier = Courier::new(Arc::clone(&target), Arc::clone(&queue), messages.clone());
        thread::spawn(move || courier.run());
    }
    // The couriers alone hold the queue: when both have given up, the reader learns of it.
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
    if args.json {
        println!("{}", import.tally.to_json(site, time));
    } else {
        println!("{}", import.tally.to_text(site, time));
    }
    match outcome {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            eprintln!(
                "  not finished: {} of {} pages read were answered for",
                import.tally.answered(),
                import.tally.pages
            );
            eprintln!("  running it again is safe: what is stored is not counted twice");
            Err(error)
        }
    }
}

/// What is known of an import so far.
#[derive(Default)]
struct Import {
    tally: Tally,
    site: Option<Origin>,
    read_error: Option<Error>,
}

impl Import {
    /// Counts and shows until all threads have ended, one fails, or a signal comes. Threads that are
    /// still at work then end with the process.
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
        // A thread that ended without a word must not look like success.
        ensure!(self.tally.answered() == self.tally.pages, "not every page was sent");
        Ok(())
    }

    fn take(&mut self, message: Message, screen: &Screen) -> Result<()> {
        match message {
            Message::Site(site) => {
                self.site = site;
            }
            Message::Counted(tally) => self.tally += tally,
            Message::BrokenLine(number, reason, start) => {
                screen.say(&format!("line {number} is broken: {reason}\n      {start}"));
            }
            Message::RefusedLine(number, code, detail) => {
                screen.say(&format!("line {number} is refused: {code}: {detail}"));
            }
            Message::Retrying(reason, seconds) => screen.say(&format!("{reason}; next try in {seconds:.1} s")),
            Message::ReadFailed(error) => self.read_error = Some(error),
            Message::SendFailed(error) => return Err(error),
        }
        Ok(())
    }
}
