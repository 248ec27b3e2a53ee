//! The app natively, on the stores of the running stack.
#![allow(dead_code, reason = "each test file takes what it needs")]

use headwater::app::{Buffers, Depth, Runtime};
use headwater::config::Config;
use headwater::erase::{Found, Seen};
use headwater::time::Timestamp;
use serde_json::Value;

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
