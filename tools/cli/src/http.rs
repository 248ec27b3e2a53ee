//! Requests to a Worker, as everybody else sends them.

use std::time::Duration;

use anyhow::{Context as _, Result};
use intake::ingest::IMPORT_HEADER;
use reqwest::Client;
use reqwest::redirect::Policy;

use crate::blocking::wait;

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Seconds that the `Retry-After` header asks for.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: String,
}

/// A client of a Worker. Keeps connections open.
#[derive(Clone)]
pub(crate) struct Worker {
    client: Client,
    url: String,
}

impl Worker {
    /// A client for the Worker at `url` that waits this long for an answer.
    pub(crate) fn new(url: &str, limit: Duration) -> Result<Self> {
        // A redirected POST would go on as a GET.
        let client = Client::builder().redirect(Policy::none()).timeout(limit);
        let client = client.build().context("this system cannot set up an HTTP client")?;
        Ok(Self { client, url: url.trim_end_matches('/').to_owned() })
    }

    /// `GET path`, without a key.
    pub(crate) fn get(&self, path: &str) -> Result<Answer> {
        self.answer(self.client.get(format!("{}{path}", self.url)))
    }

    /// `POST path` with a JSON body and a key, as an import.
    pub(crate) fn import(&self, path: &str, key: &str, body: Vec<u8>) -> Result<Answer> {
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(key).header(IMPORT_HEADER, "1");
        self.answer(request.header("content-type", "application/json").body(body))
    }

    fn answer(&self, request: reqwest::RequestBuilder) -> Result<Answer> {
        wait(async {
            let response = request
                .send()
                .await
                .map_err(reqwest::Error::without_url)
                .with_context(|| format!("{} does not answer", self.url))?;
            let status = response.status().as_u16();
            let asked = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
            let retry_after = asked.and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
            let body = response.text().await.map_err(reqwest::Error::without_url).context("the answer ends early")?;
            Ok(Answer { status, retry_after, body })
        })?
    }
}
