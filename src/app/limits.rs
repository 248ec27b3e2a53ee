//! What a caller may send and ask: rates and quotas, in the instance's memory.

use std::collections::HashMap;
use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use super::authenticate::Caller;
use super::inbound::{Inbound, Reply};
use super::{App, lock};
use intake::error::{ApiError, ErrorCode};
use intake::key::Kind;
use intake::limit::{CLIENT, INGEST, Left, Limiter, READ};
use intake::quota::Counters;
use intake::time::Timestamp;

/// A project and env.
type DataSet = (String, &'static str);

/// All limiters of an instance.
#[derive(Default)]
pub(super) struct Limits {
    events: Limiter<DataSet>,
    questions: Limiter<DataSet>,
    clients: Limiter<(String, Option<IpAddr>)>,
    quotas: Counters,
    /// Questions that are being answered.
    asking: HashMap<DataSet, usize>,
}

/// Questions of one project that an instance answers at a time, as many as may come in a burst: slow ones must
/// not pile up and keep the store from the others.
const MAX_AT_ONCE: usize = 40;

/// Whose questions count together: a project's data set, or all that is asked with one account key. `None`: who
/// has no limits.
fn asker(caller: &Caller) -> Option<DataSet> {
    let project = caller.record.project.as_ref();
    if project.is_some_and(|project| project.rate.is_some_and(|rate| rate.per_second == 0)) {
        return None;
    }
    let asker = project.map_or(&caller.record.id, |project| &project.id);
    Some((asker.clone(), caller.record.env.as_str()))
}

/// A question that is being answered; over when dropped, also when the client goes away.
pub(super) struct Asking<'a> {
    app: &'a App,
    data_set: DataSet,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let mut limits = lock(&self.app.limits);
        if let Some(count) = limits.asking.get_mut(&self.data_set) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                limits.asking.remove(&self.data_set);
            }
        }
    }
}

impl App {
    /// Lets a browser's request in, before its body is read. The address is used here and kept nowhere else.
    pub(super) async fn admit_client(
        &self,
        request: &impl Inbound,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let unlimited = caller.project()?.rate.is_some_and(|rate| rate.per_second == 0);
        if caller.record.kind != Kind::Publishable || unlimited {
            return Ok(());
        }
        let ip = self.whereabouts(request).ip;
        // A limiter outside of this memory learns no address.
        let client = self.pseudonym(&caller.record.id, ip)?;
        let taken = lock(&self.limits).clients.take((caller.record.id.clone(), ip), 1, CLIENT, now);
        taken.map_err(|exceeded| ApiError::limited("requests", exceeded))?;
        self.shared("CLIENT_LIMITER", "requests", client).await
    }

    /// Lets events in: the project's rate, then its quota.
    pub(super) fn admit_events(&self, caller: &Caller, count: usize, now: Timestamp) -> Result<(), ApiError> {
        let project = caller.project()?;
        let env = caller.record.env.as_str();
        let rate = project.rate.unwrap_or(INGEST);
        let mut limits = lock(&self.limits);
        if rate.per_second > 0 {
            let cost = u32::try_from(count).unwrap_or(u32::MAX);
            limits
                .events
                .take((project.id.clone(), env), cost, rate, now)
                .map_err(|exceeded| ApiError::limited("events", exceeded))?;
        }
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        if limits.quotas.take(&project.id, env, &project.quota, count, now) {
            Ok(())
        } else {
            Err(ApiError::new(ErrorCode::QuotaExceeded, "this month's events are used up; raise the quota or wait"))
        }
    }

    /// Gives back what events took of the quota that were not stored.
    pub(super) fn readmit(&self, caller: &Caller, count: usize) {
        if let Some(project) = &caller.record.project {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            lock(&self.limits).quotas.give_back(&project.id, caller.record.env.as_str(), count);
        }
    }

    /// Lets a question in; what is left goes into the answer's headers.
    pub(super) async fn admit_question(&self, caller: &Caller, now: Timestamp) -> Result<Option<Left>, ApiError> {
        let Some(data_set) = asker(caller) else { return Ok(None) };
        let shared = format!("{}:{}", data_set.0, data_set.1);
        let (taken, answering) = {
            let mut limits = lock(&self.limits);
            let answering = limits.asking.get(&data_set).copied().unwrap_or(0);
            (limits.questions.take(data_set, 1, READ, now), answering)
        };
        let left = taken.map_err(|exceeded| ApiError::limited("questions", exceeded))?;
        if answering > MAX_AT_ONCE {
            let detail = format!("{MAX_AT_ONCE} questions are being answered already; ask one after the other");
            let mut error = ApiError::new(ErrorCode::RateLimited, detail);
            error.retry_after = Some(1);
            error.limit = Some(("questions", Left { remaining: 0, ..left }));
            return Err(error);
        }
        self.shared("READ_LIMITER", "questions", shared).await?;
        Ok(Some(left))
    }
}

impl App {
    /// Counts a question as being answered until the guard is dropped. Whether it may be is said by
    /// [`Self::admit_question`].
    pub(super) fn begin_question(&self, caller: &Caller) -> Option<Asking<'_>> {
        let data_set = asker(caller)?;
        *lock(&self.limits).asking.entry(data_set.clone()).or_default() += 1;
        Some(Asking { app: self, data_set })
    }

    /// Asks a limiter that holds across instances, where one is bound under this name.
    async fn shared(&self, binding: &'static str, name: &str, key: String) -> Result<(), ApiError> {
        if (self.runtime.shared_limit)(binding, key).await {
            return Ok(());
        }
        let mut error =
            ApiError::new(ErrorCode::RateLimited, format!("the limit of {name} is reached; come back later"));
        // The shortest window that a limiter of Cloudflare has.
        error.retry_after = Some(10);
        Err(error)
    }

    /// A client's name that tells nobody its address.
    fn pseudonym(&self, key_id: &str, ip: Option<IpAddr>) -> Result<String, ApiError> {
        let mut hash = Sha256::new();
        hash.update(self.config()?.visitor_secrets.current.as_bytes());
        hash.update(key_id.as_bytes());
        hash.update(ip.map(|ip| ip.to_string()).unwrap_or_default().as_bytes());
        Ok(intake::hex::encode(hash.finalize().get(..16).unwrap_or_default()))
    }
}

/// Adds `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
pub(super) fn tell(reply: Reply, name: &'static str, left: Left) -> Reply {
    let rate = left.rate;
    let window = rate.burst.div_ceil(rate.per_second.max(1));
    reply
        .header("ratelimit-policy", format!("\"{name}\";q={};w={window}", rate.burst))
        .header("ratelimit", format!("\"{name}\";r={};t={}", left.remaining, left.full_in_s))
}
