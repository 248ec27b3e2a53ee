//! The app natively, on the stores of the running stack.

use std::borrow::Cow;

use headwater::app::{BodyError, Buffers, Depth, Inbound, Place, Runtime};
use upkeep::erase::{Found, Seen};

use crate::world::{now, stack};

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

/// A runtime whose clock stands still, whose buffer takes everything and which logs nothing.
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
