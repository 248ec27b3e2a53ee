//! The running engine: sessions, a limit on concurrent requests, and cancellation.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use nix::unistd::{dup, dup2_stderr};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::{Error, Kind};
use super::ffi::{Connection, EngineLibrary};
use super::home::Home;
use super::request::Request;

/// Maximum number of requests waiting for a slot.
const MAX_WAITING: usize = 512;
/// Maximum wait for a slot.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// A setting without effect in the embedded engine. It marks a query in `system.processes`.
const MARK: &str = "query_cache_tag";

/// The engine and the state shared by all requests.
pub(super) struct Engine {
    library: EngineLibrary,
    arguments: Vec<String>,
    // Keeps the engine alive between requests.
    anchor: Mutex<Option<Connection>>,
    slots: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// Version of ClickHouse, such as `26.7.2.1`.
    pub(super) version: String,
    /// The server's time zone.
    pub(super) timezone: String,
    /// Default database of requests.
    database: String,
}

impl Engine {
    /// Starts the engine in `home` and creates `database`.
    ///
    /// # Errors
    /// One sentence that says what to do.
    pub(super) fn start(library: EngineLibrary, home: &Home, database: &str, slots: usize) -> anyhow::Result<Self> {
        let arguments = home.arguments();
        let log = home.log();
        let Some(mut anchor) = with_stderr_in(&log, || library.connect(&arguments))? else {
            let reason = std::fs::read_to_string(&log).unwrap_or_default();
            if reason.contains("already running") {
                bail!(
                    "the data folder is in use by another process: stop that process or pass another folder as --data"
                );
            }
            bail!(
                "the engine {} cannot open the data folder: see {} for the reason, or move the folder away \
                 to start with an empty one",
                library.version(),
                log.display()
            );
        };
        let mut value = |sql: &str| -> anyhow::Result<String> {
            let result = anchor.query(sql.as_bytes(), "TabSeparatedRaw", &[]);
            match result.error() {
                Some(message) => bail!("the engine failed its first query: {message}"),
                None => Ok(String::from_utf8_lossy(result.data()).trim_end().to_owned()),
            }
        };
        let version = value("SELECT version()")?;
        let timezone = value("SELECT timezone()")?;
        value(&format!("CREATE DATABASE IF NOT EXISTS {}", quoted_name(database)))
            .with_context(|| format!("cannot create the database {database}: pass another name as --database"))?;
        Ok(Self {
            library,
            arguments,
            anchor: Mutex::new(Some(anchor)),
            slots: Arc::new(Semaphore::new(slots)),
            waiting: AtomicUsize::new(0),
            version,
            timezone,
            database: database.to_owned(),
        })
    }

    /// Waits for a slot to use the engine.
    ///
    /// # Errors
    /// ClickHouse error 202 if too many requests are waiting or the wait is too long.
    pub(super) async fn slot(&self) -> Result<OwnedSemaphorePermit, Error> {
        let refused = || Error::new(Kind::TOO_MANY_SIMULTANEOUS_QUERIES, "Too many simultaneous queries");
        let slots = Arc::clone(&self.slots);
        if let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
            return Ok(slot);
        }
        let _waits = Waits::join(&self.waiting).ok_or_else(refused)?;
        match tokio::time::timeout(MAX_WAIT, slots.acquire_owned()).await {
            Ok(Ok(slot)) => Ok(slot),
            _ => Err(refused()),
        }
    }

    /// Opens a session with the request's database and settings, marked with `mark`. `bounds` are further settings,
    /// which the request's own settings override.
    ///
    /// # Errors
    /// The engine's errors: unknown database or setting, invalid value.
    pub(super) fn session(&self, request: &Request, mark: &str, bounds: &[(&str, &str)]) -> Result<Connection, Error> {
        let mut session = self.connect()?;
        let database = request.database.as_deref().unwrap_or(&self.database);
        if database != "default" {
            execute(&mut session, &format!("USE {}", quoted_name(database)))?;
        }
        // `readonly` is 2 as on a real server: a GET only reads but may change settings.
        let implied = request.readonly.then_some(("readonly", "2"));
        let own = bounds.iter().copied().chain(implied).chain([(MARK, mark)]);
        let unset = own.filter(|(name, _)| !request.settings.iter().any(|(given, _)| given == name));
        let given = request.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let changes = given.chain(unset).map(|(name, value)| change(name, value)).collect::<Result<Vec<_>, _>>()?;
        // A single statement, because `readonly` forbids a second `SET`.
        execute(&mut session, &format!("SET {}", changes.join(", ")))?;
        Ok(session)
    }

    /// Asks the engine to kill the queries that match `condition` on `system.processes`. Does not wait for them.
    fn kill(&self, condition: &str) {
        if let Ok(mut session) = self.connect() {
            // After a failure the query runs until its time limit.
            let _ = execute(&mut session, &format!("KILL QUERY WHERE {condition} ASYNC"));
        }
    }

    /// Kills all reading queries. Inserts run to completion.
    pub(super) fn kill_reads(&self) {
        self.kill("query_kind != 'Insert'");
    }

    /// Closes the engine. Waits until no session is open.
    pub(super) fn close(&self) {
        self.anchor.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn connect(&self) -> Result<Connection, Error> {
        self.library.connect(&self.arguments).ok_or_else(|| Error::new(Kind::ABORTED, "the engine is shutting down"))
    }
}

/// Counts one waiting request while it lives.
struct Waits<'e>(&'e AtomicUsize);

impl<'e> Waits<'e> {
    fn join(count: &'e AtomicUsize) -> Option<Self> {
        let waits = Self(count);
        (count.fetch_add(1, Ordering::Relaxed) < MAX_WAITING).then_some(waits)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Belongs to the response: dropping it while the query runs kills the query.
pub(super) struct CancelOnDrop {
    engine: Arc<Engine>,
    mark: String,
    run: Arc<Run>,
}

/// State of a query, shared by the thread that runs it and the task that responds.
#[derive(Default)]
pub(super) struct Run {
    ended: AtomicBool,
    cancelled: AtomicBool,
}

impl Run {
    /// Whether the client has disconnected.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Marks the query as ended. Must be called on every outcome.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }
}

impl CancelOnDrop {
    /// Creates a guard for the query marked with `mark`.
    pub(super) fn new(engine: Arc<Engine>, mark: String, run: Arc<Run>) -> Self {
        Self { engine, mark, run }
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if self.run.ended.load(Ordering::Acquire) {
            return;
        }
        self.run.cancelled.store(true, Ordering::Release);
        let (engine, run) = (Arc::clone(&self.engine), Arc::clone(&self.run));
        let condition = format!("Settings['{MARK}'] = '{}'", self.mark);
        // The query may not have reached the engine yet, so the kill is repeated.
        thread::spawn(move || {
            for _ in 0..100 {
                if run.ended.load(Ordering::Acquire) {
                    return;
                }
                engine.kill(&condition);
                thread::sleep(Duration::from_millis(200));
            }
        });
    }
}

fn execute(session: &mut Connection, sql: &str) -> Result<(), Error> {
    match session.query(sql.as_bytes(), "Null", &[]).error() {
        Some(message) => Err(Error::from_engine(&message)),
        None => Ok(()),
    }
}

fn change(name: &str, value: &str) -> Result<String, Error> {
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || name.as_bytes()[0].is_ascii_digit() || !name.bytes().all(valid) {
        return Err(Error::new(Kind::UNKNOWN_SETTING, &format!("Unknown setting '{name}'")));
    }
    Ok(format!("{name} = '{}'", value.replace('\\', "\\\\").replace('\'', "\\'")))
}

fn quoted_name(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

/// Runs `work` with standard error redirected to `file`. The engine reports a failed start only there.
fn with_stderr_in<T>(file: &Path, work: impl FnOnce() -> T) -> anyhow::Result<T> {
    let kept = dup(std::io::stderr()).context("cannot duplicate standard error")?;
    let log = File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
    dup2_stderr(&log).context("cannot redirect standard error")?;
    let outcome = work();
    dup2_stderr(&kept).context("cannot restore standard error")?;
    Ok(outcome)
}
