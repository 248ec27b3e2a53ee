//! A server process with a data folder of its own, and requests to it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::{Body, Client, Method, RequestBuilder, Response, Url};

/// A folder that is removed with the value.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("devstack-clickhouse-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The engine's library, as the tests find it.
pub(crate) fn library() -> PathBuf {
    let path = std::env::var_os("HEADWATER_CHDB_LIB").map_or_else(
        || {
            let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            workspace.join("node_modules/@chdb/lib-linux-x64-gnu/libchdb.so")
        },
        PathBuf::from,
    );
    assert!(path.is_file(), "{} is not there: run `npm ci`, or set HEADWATER_CHDB_LIB to a libchdb.so", path.display());
    path
}

/// The command line of a server on a free port.
pub(crate) fn command(data: &Path) -> Command {
    command_with(data, "0", &library())
}

pub(crate) fn command_with(data: &Path, port: &str, library: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devstack"));
    command.args(["clickhouse", "--database", "test", "--port", port]);
    command.arg("--data").arg(data).arg("--lib").arg(library);
    command.env_remove("DEVSTACK_CLICKHOUSE_USERS");
    command
}

/// Runs a server that is expected not to start, and returns what it left.
pub(crate) fn failure(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().unwrap()
}

/// A running server.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: String,
    client: Client,
}

/// What a server answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The text of an answer that has to be a success.
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.status, 200, "{}", self.text);
        self.text
    }

    /// Checks status, code and name of an error.
    pub(crate) fn is_error(&self, status: u16, code: i32, name: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("x-clickhouse-exception-code"), code.to_string());
        assert!(self.text.starts_with(&format!("Code: {code}. DB::Exception: ")), "{}", self.text);
        assert!(self.text.contains(&format!("({name}) (version ")), "{}", self.text);
    }
}

impl Server {
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_with(&mut command(data))
    }

    pub(crate) fn start_with(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address =
            line.trim().strip_prefix("ready ").unwrap_or_else(|| panic!("no ready line: {line:?}")).to_owned();
        Self { child, address, client: Client::new() }
    }

    pub(crate) fn request(&self, method: Method, parameters: &[(&str, &str)]) -> RequestBuilder {
        let mut url = Url::parse(&self.address).unwrap();
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        self.client.request(method, url)
    }

    pub(crate) async fn post(&self, parameters: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        answer(self.request(Method::POST, parameters).body(body)).await
    }

    pub(crate) async fn get(&self, parameters: &[(&str, &str)]) -> Answer {
        answer(self.request(Method::GET, parameters)).await
    }

    /// Runs a statement that has to succeed.
    pub(crate) async fn run(&self, sql: &str) -> String {
        self.post(&[], sql.to_owned()).await.ok()
    }

    /// Highest amount of memory the process has held so far, in MiB.
    pub(crate) fn peak_mebibytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() / 1024
    }

    /// Queries that run and hold `text`, the asking one aside.
    pub(crate) async fn running(&self, text: &str) -> u64 {
        let sql = format!(
            "SELECT count() FROM system.processes WHERE position(query, '{text}') > 0 AND position(query, 'processes') = 0"
        );
        self.run(&sql).await.trim().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    let response: Response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

/// Unpacks gzip.
pub(crate) fn gunzip(data: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(data).read_to_string(&mut text).unwrap();
    text
}
