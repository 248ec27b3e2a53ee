//! The server process: started, watched, ended.

use std::{
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Error, Result, anyhow, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, ChildStderr},
    time::timeout,
};
use tokio_postgres::{Client, Config, NoTls, error::SqlState};

use super::{account::Account, binaries::Binaries, cluster::Cluster, parent, signal::Stop};

/// Recovery after a crash counts as starting, too.
const START: Duration = Duration::from_mins(1);

/// Ways to end, from the gentle to the certain, each with the time it gets. Together under 5 s.
const ENDINGS: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_secs(3)),
    (Signal::SIGQUIT, Duration::from_secs(1)),
    (Signal::SIGKILL, Duration::from_millis(500)),
];

/// Why a start failed.
pub(super) struct Failure {
    /// What to tell the caller.
    pub(super) error: Error,
    /// Whether the next try may well succeed.
    pub(super) passes: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, passes: false }
    }
}

/// A server process and the last reason it wrote for giving up.
pub(super) struct Server {
    child: Child,
    port: u16,
    reason: Arc<Mutex<Option<String>>>,
}

impl Server {
    /// Starts the process; it is not ready yet.
    pub(super) fn spawn(binaries: &Binaries, cluster: &Cluster, account: &Account, port: u16) -> Result<Self> {
        let mut command = account.command(&binaries.program("postgres"));
        command.arg("-D").arg(cluster.data());
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "logging_collector=off",
            "log_destination=stderr",
            "timezone=UTC",
            "log_timezone=UTC",
        ] {
            command.arg("-c").arg(setting);
        }
        command
            .arg("-c")
            .arg(format!("port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        parent::end_with_parent(&mut command);
        let mut child = command.spawn()?;
        let reason = Arc::new(Mutex::new(None));
        if let Some(log) = child.stderr.take() {
            tokio::spawn(forward(log, Arc::clone(&reason)));
        }
        Ok(Self { child, port, reason })
    }

    /// Waits until the server takes connections, and returns one of the superuser.
    pub(super) async fn ready(&mut self, password: &str) -> Result<Client, Failure> {
        let mut config = Config::new();
        config
            .host("127.0.0.1")
            .port(self.port)
            .user("postgres")
            .dbname("postgres")
            .password(password)
            .connect_timeout(Duration::from_secs(2));
        let connect = async {
            loop {
                match config.connect(NoTls).await {
                    Ok((client, connection)) => {
                        tokio::spawn(connection);
                        return Ok(client);
                    }
                    Err(error) if error.code() == Some(&SqlState::INVALID_PASSWORD) => {
                        return Err(anyhow!(
                            "the data folder was made with another password than DEVSTACK_POSTGRES_PASSWORD: set that one, or remove the folder to start empty"
                        ));
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(30)).await,
                }
            }
        };
        tokio::select! {
            // Looked at first: when a foreign server has the port, ours ends and it answers.
            biased;
            status = self.child.wait() => Err(self.failure(status.ok()).await),
            connected = timeout(START, connect) => match connected {
                Ok(client) => Ok(client?),
                Err(_) => Err(anyhow!("PostgreSQL takes no connections after {} s: see its log above", START.as_secs()).into()),
            },
        }
    }

    /// Returns after a signal has ended the server.
    ///
    /// # Errors
    /// Where the server ended by itself.
    pub(super) async fn run_until(mut self, stop: &mut Stop) -> Result<()> {
        tokio::select! {
            () = stop.asked() => {
                self.stop().await;
                Ok(())
            }
            status = self.child.wait() => {
                let failure = self.failure(status.ok()).await;
                bail!("{:#}", failure.error)
            }
        }
    }

    /// Ends the process within five seconds.
    pub(super) async fn stop(mut self) {
        for (signal, patience) in ENDINGS {
            let Some(pid) = self.child.id().and_then(|id| i32::try_from(id).ok()) else {
                return;
            };
            let _ = kill(Pid::from_raw(pid), signal);
            if timeout(patience, self.child.wait()).await.is_ok() {
                return;
            }
        }
    }

    async fn failure(&self, status: Option<ExitStatus>) -> Failure {
        // The last lines may still be on their way through the pipe.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let reason = self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let passes = reason.as_ref().is_some_and(|reason| {
            reason.contains("pre-existing shared memory") || reason.contains("could not create any TCP/IP sockets")
        });
        let error = match (reason, status) {
            (Some(reason), _) => anyhow!(
                "PostgreSQL ended: {reason}; if the data folder is damaged, restore it from a backup or remove it to start empty"
            ),
            (None, Some(status)) => anyhow!("PostgreSQL ended by itself ({status}): see its log above"),
            (None, None) => anyhow!("PostgreSQL ended by itself: see its log above"),
        };
        Failure { error, passes }
    }
}

/// Passes the log on and keeps the last line that says why the server gave up.
async fn forward(log: ChildStderr, reason: Arc<Mutex<Option<String>>>) {
    let mut lines = BufReader::new(log).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        eprintln!("{line}");
        let fatal =
            ["FATAL:  ", "PANIC:  "].iter().find_map(|mark| line.split_once(mark)).map(|(_, text)| text.to_owned());
        // Connections that come too early or too late are refused with the same word.
        if let Some(text) = fatal.filter(|text| !text.contains("the database system is ")) {
            *reason.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
        }
    }
}
