//! The app natively, on the stores of the running stack.
#![allow(dead_code, reason = "each test file takes what it needs")]

use std::borrow::Cow;

use headwater::app::{BodyError, Buffers, Depth, Inbound, Place, Runtime};
use headwater::config::Config;
use intake::time::Timestamp;
use serde_json::Value;
use upkeep::erase::{Found, Seen};

/// Addresses and secrets of the stack (`dev.json`).
pub fn stack() -> Value {
    let path = std::env::var("HEADWATER_DEV_JSON").expect("needs a running stack: use `cargo xtask test`");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The settings of the stack's Worker, some of them changed.
pub fn config(changed: &[(&str, &str)]) -> Result<Config, Vec<&'static str>> {
    let path = std::env::var("HEADWATER_DEV_JSON").unwrap().replace("dev.json", "worker.env");
    let variables = std::fs::read_to_string(path).unwrap();
    Config::read(|name| {
        if let Some((_, value)) = changed.iter().find(|(changed, _)| *changed == name) {
            return Some((*value).to_owned());
        }
        let line = variables.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(line.trim_matches('\'').replace("\\$", "$"))
    })
}

#[allow(clippy::disallowed_methods, reason = "a runtime has a clock")]
pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

/// An event on its way to `POST /v1/track`, from a page of a visitor in Europe.
pub struct Track {
    pub key: String,
    /// JSON.
    pub body: String,
    /// The visitor's address.
    pub ip: &'static str,
    /// The client sends nothing after the headers.
    pub stalls: bool,
}

impl Track {
    /// With this kind of key of the demo project.
    pub fn new(kind: &str, body: impl Into<String>) -> Self {
        let key = stack()["keys"][kind].as_str().unwrap().to_owned();
        Self { key, body: body.into(), ip: "192.0.2.1", stalls: false }
    }
}

impl Inbound for Track {
    fn method(&self) -> &'static str {
        "POST"
    }

    fn path(&self) -> &'static str {
        "/v1/track"
    }

    fn query(&self) -> &'static str {
        ""
    }

    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            "authorization" => Some(format!("Bearer {}", self.key).into()),
            "content-type" => Some("application/json".into()),
            "origin" => Some("http://localhost:3000".into()),
            "cf-connecting-ip" => Some(self.ip.into()),
            "user-agent" => Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".into()),
            _ => None,
        }
    }

    fn place(&self) -> Place {
        Place::default()
    }

    fn continent(&self) -> String {
        "EU".to_owned()
    }

    async fn body(&mut self, _announced: Option<usize>, _limit: usize) -> Result<Vec<u8>, BodyError> {
        if self.stalls {
            std::future::pending::<()>().await;
        }
        Ok(self.body.clone().into_bytes())
    }
}

/// A runtime with a clock and randomness, whose buffer takes everything and which logs nothing.
pub fn runtime() -> Runtime {
    Runtime {
        now,
        random: || {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes).ok().map(|()| bytes)
        },
        sleep: |time| Box::pin(tokio::time::sleep(time)),
        verify: |_| Box::pin(async { false }),
        shared_limit: |_, _| Box::pin(async { true }),
        is_bot: |_| false,
        offset_at: |_, _| None,
        export: |_| Box::pin(async { panic!("nothing is exported here") }),
        buffer: Buffers {
            append: |_, _| Box::pin(async { Ok(()) }),
            look: |_| Box::pin(async { Ok(Depth::default()) }),
            search: |_, inquiry| {
                let seen = vec![Seen::default(); inquiry.persons.len()];
                Box::pin(async { Ok(Found { seen, ..Found::default() }) })
            },
        },
        log: |_| {},
    }
}
