//! A Workers request as the app sees it.

use futures_util::StreamExt as _;
use worker::{Method, Request};

use crate::app::{BodyError, Inbound, Place};

/// A request, with what costs a crossing to learn learnt once.
pub(super) struct WorkerRequest {
    request: Request,
    method: Method,
    path: String,
    query: String,
}

impl WorkerRequest {
    pub(super) fn new(request: Request) -> Self {
        let method = request.method();
        // The runtime has parsed this URL already, so taking it apart by hand is safe and cheap.
        let url = request.inner().url();
        let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let target = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
        let target = target.split('#').next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (path, query) = (path.to_owned(), query.to_owned());
        Self { request, method, path, query }
    }
}

impl Inbound for WorkerRequest {
    fn method(&self) -> &str {
        self.method.as_ref()
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn query(&self) -> &str {
        &self.query
    }

    fn header(&self, name: &str) -> Option<String> {
        self.request.headers().get(name).ok().flatten()
    }

    fn place(&self) -> Place {
        let Some(cf) = self.request.cf() else { return Place::default() };
        Place {
            country: cf.country().unwrap_or_default(),
            region: cf.region().unwrap_or_default(),
            city: cf.city().unwrap_or_default(),
        }
    }

    fn continent(&self) -> String {
        self.request.cf().and_then(worker::Cf::continent).unwrap_or_default()
    }

    async fn body(&mut self, announced: Option<usize>, limit: usize) -> Result<Vec<u8>, BodyError> {
        let broken = |error: worker::Error| BodyError::Broken(error.to_string());
        if self.request.inner().body().is_none() {
            return Ok(Vec::new());
        }
        match announced {
            Some(length) if length > limit => return Err(BodyError::TooLarge),
            // The runtime holds a client to the length it announced, so this is bounded.
            Some(_) => return self.request.bytes().await.map_err(broken),
            None => {}
        }
        let mut stream = self.request.stream().map_err(broken)?;
        let mut body = Vec::new();
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(broken)?;
            if body.len() + chunk.len() > limit {
                return Err(BodyError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}
