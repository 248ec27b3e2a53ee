//! Both servers, started from the built binary with data of their own.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use reqwest::{Client, Method, Response, header::HeaderMap};
use serde_json::Value;

use crate::tokens;

pub(crate) const PASSWORD: &str = "it's a password";
pub(crate) const SECRET_KEY: &str = "sb_secret_of_the_tests";
pub(crate) const PUBLISHABLE_KEY: &str = "sb_publishable_of_the_tests";

const SCHEMA: &str = include_str!("schema.sql");

static SHARED: Mutex<Weak<Stack>> = Mutex::new(Weak::new());

/// A temporary folder that ends with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("devstack-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// One running server.
pub(crate) struct Server {
    child: Child,
    /// What it printed after `ready`.
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn postgres(data: &Path, port: u16) -> Self {
        Self::start(postgres_command(data).arg("--port").arg(port.to_string()))
    }

    pub(crate) fn postgrest(database: u16) -> Self {
        let password = "it%27s%20a%20password";
        Self::start(
            devstack()
                .args(["postgrest", "--port", "0"])
                .env("PGRST_DB_URI", format!("postgres://authenticator:{password}@127.0.0.1:{database}/postgres"))
                .env("PGRST_JWT_SECRET", tokens::SECRET)
                .env("DEVSTACK_SECRET_KEYS", format!("sb_secret_other,{SECRET_KEY}"))
                .env("DEVSTACK_PUBLISHABLE_KEYS", PUBLISHABLE_KEY),
        )
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("ready ").expect("the server prints its address").to_owned();
        Self { child, address }
    }

    pub(crate) fn port(&self) -> u16 {
        let (_, rest) = self.address.rsplit_once("127.0.0.1:").unwrap();
        rest.split('/').next().unwrap().parse().unwrap()
    }

    /// Sends the signal and waits; returns the time it took and whether the exit was a success.
    pub(crate) fn end(&mut self, signal: Signal) -> (Duration, bool) {
        let begin = Instant::now();
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
        let status = self.child.wait().unwrap();
        (begin.elapsed(), status.success())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.end(Signal::SIGTERM);
        }
    }
}

fn devstack() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devstack"));
    // The caller's own settings stay out of the tests.
    command.env_remove("DEVSTACK_POSTGRES_PASSWORD");
    command
}

fn postgres_command(data: &Path) -> Command {
    let mut command = devstack();
    command.arg("postgres").arg("--data").arg(data).env("DEVSTACK_POSTGRES_PASSWORD", PASSWORD);
    command
}

/// Runs `devstack postgres` where it must refuse, and returns what it said.
pub(crate) fn refused(data: &Path, arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = postgres_command(data).args(arguments).output().unwrap();
    assert_eq!(status.code(), Some(1));
    let text = String::from_utf8(stderr).unwrap();
    text.lines().find_map(|line| line.strip_prefix("devstack: ")).expect("one sentence").to_owned()
}

/// The processes that name the folder and still run.
pub(crate) fn processes(folder: &Path) -> Vec<String> {
    let name = folder.to_str().unwrap();
    fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|entry| {
            // PostgreSQL's children rename themselves, but all work in the data folder.
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let works_in = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(name) || works_in.starts_with(folder)
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// Waits until no process is left.
pub(crate) fn assert_gone(folder: &Path) {
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(5) {
        if processes(folder).is_empty() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("processes {:?} are left", processes(folder));
}

/// PostgREST over PostgreSQL with the tests' schema.
pub(crate) struct Stack {
    // Dropped in this order: a server never outlives what it stands on.
    pub(crate) rest: Server,
    pub(crate) database: Server,
    _folder: Folder,
}

impl Stack {
    pub(crate) fn new() -> Self {
        let folder = Folder::new();
        let database = Server::postgres(folder.path(), 0);
        let rest = Server::postgrest(database.port());
        let stack = Self { rest, database, _folder: folder };
        stack.sql(SCHEMA);
        stack
    }

    /// One for all tests that run at the same time; it ends with the last of them.
    pub(crate) fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stack) = shared.upgrade() {
            return stack;
        }
        let stack = Arc::new(Self::new());
        *shared = Arc::downgrade(&stack);
        stack
    }

    /// Runs statements as the superuser.
    pub(crate) fn sql(&self, statements: &str) {
        let port = self.database.port();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let (client, connection) = tokio_postgres::Config::new()
                        .host("127.0.0.1")
                        .port(port)
                        .user("postgres")
                        .dbname("postgres")
                        .password(PASSWORD)
                        .connect(tokio_postgres::NoTls)
                        .await
                        .unwrap();
                    let connection = tokio::spawn(connection);
                    client.batch_execute(statements).await.unwrap();
                    drop(client);
                    connection.await.unwrap().unwrap();
                });
            });
        });
    }

    /// A request without a key.
    pub(crate) fn ask(&self, method: Method, path: &str) -> Ask {
        let url = format!("{}{path}", self.rest.address);
        Ask(Client::new().request(method, url).timeout(Duration::from_secs(20)))
    }

    /// A call of a function with a JSON body, without a key.
    pub(crate) fn call(&self, function: &str, body: &str) -> Ask {
        self.ask(Method::POST, &format!("/rest/v1/rpc/{function}")).body(body)
    }
}

/// A request under construction.
pub(crate) struct Ask(reqwest::RequestBuilder);

impl Ask {
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    pub(crate) fn body(self, body: &str) -> Self {
        Self(self.0.body(body.to_owned())).header("content-type", "application/json")
    }

    /// As a backend with the secret key.
    pub(crate) fn service(self) -> Self {
        self.header("apikey", SECRET_KEY)
    }

    /// As a visitor with the publishable key.
    pub(crate) fn anon(self) -> Self {
        self.header("apikey", PUBLISHABLE_KEY)
    }

    /// As a signed-in user of a site that has the publishable key.
    pub(crate) fn user(self, id: &str) -> Self {
        self.anon().bearer(&tokens::user(id))
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) async fn send(self) -> Told {
        let response = self.0.send().await.unwrap();
        Told::read(response).await
    }
}

/// An answer.
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Told {
    async fn read(response: Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        Self { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and code of a refusal, which must have all four members.
    pub(crate) fn error(&self) -> (u16, String) {
        let json = self.json();
        for member in ["code", "details", "hint", "message"] {
            assert!(json.get(member).is_some(), "{member} is missing in {}", self.text);
        }
        (self.status, json["code"].as_str().unwrap().to_owned())
    }
}

/// For comparing with [`Told::error`].
pub(crate) fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
