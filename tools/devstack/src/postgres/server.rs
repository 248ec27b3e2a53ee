//! The server process: start, supervision, shutdown.

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

/// Start limit, including recovery after a crash.
const START: Duration = Duration::from_mins(1);

/// Signals to stop the server, from gentle to certain, each with its time limit. Together less than 5 s.
const ENDINGS: [(Signal, Duration); 3] = [
    (Signal::SIGINT, Duration::from_secs(3)),
    (Signal::SIGQUIT, Duration::from_secs(1)),
    (Signal::SIGKILL, Duration::from_millis(500)),
];

/// Why a start failed.
pub(super) struct Failure {
    /// The error to report.
    pub(super) error: Error,
    /// Whether another attempt may succeed.
    pub(super) passes: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, passes: false }
    }
}

/// A server process and the last fatal error that it logged.
pub(super) struct Server {
    child: Child,
    port: u16,
    reason: Arc<Mutex<Option<String>>>,
}

impl Server {
    /// Starts the process, which is not ready yet.
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

    /// Waits until the server accepts connections. Returns a connection of the superuser.
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
                            "the data folder has a password other than DEVSTACK_POSTGRES_PASSWORD: set the original password, or delete the folder to start empty"
                        ));
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(30)).await,
                }
            }
        };
        tokio::select! {
            // Checked first: if another server has the port, ours exits and the other one answers.
            biased;
            status = self.child.wait() => Err(self.failure(status.ok()).await),
            connected = timeout(START, connect) => match connected {
                Ok(client) => Ok(client?),
                Err(_) => Err(anyhow!("PostgreSQL accepts no connections after {} s: see its log above", START.as_secs()).into()),
            },
        }
    }

    /// Runs until a signal, then stops the server.
    ///
    /// # Errors
    /// If the server stops unexpectedly.
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

    /// Stops the process within five seconds.
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
        // The last lines of the log may still be in the pipe.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let reason = self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let passes = reason.as_ref().is_some_and(|reason| {
            reason.contains("pre-existing shared memory") || reason.contains("could not create any TCP/IP sockets")
        });
        let error = match (reason, status) {
            (Some(reason), _) => anyhow!(
                "PostgreSQL stopped: {reason}. If the data folder is damaged, restore it from a backup or delete it to start empty"
            ),
            (None, Some(status)) => anyhow!("PostgreSQL stopped unexpectedly ({status}): see its log above"),
            (None, None) => anyhow!("PostgreSQL stopped unexpectedly: see its log above"),
        };
        Failure { error, passes }
    }
}

/// Forwards the log and keeps the last fatal error.
async fn forward(log: ChildStderr, reason: Arc<Mutex<Option<String>>>) {
    let mut lines = BufReader::new(log).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        eprintln!("{line}");
        let fatal =
            ["FATAL:  ", "PANIC:  "].iter().find_map(|mark| line.split_once(mark)).map(|(_, text)| text.to_owned());
        // Connections during startup or shutdown are refused with FATAL, too.
        if let Some(text) = fatal.filter(|text| !text.contains("the database system is ")) {
            *reason.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
        }
    }
}
