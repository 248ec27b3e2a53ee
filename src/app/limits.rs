//! What a caller may send and ask: rates and quotas, in the instance's memory.

use std::collections::HashMap;
use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use super::inbound::{Inbound, Reply};
use super::principal::{Budget, Principal};
use super::routes::Limit;
use super::{App, lock};
use intake::error::{ApiError, ErrorCode};
use intake::limit::{CLIENT, INGEST, Left, Limiter, READ};
use intake::quota::Counters;
use intake::time::Timestamp;

/// All limiters of an instance.
#[derive(Default)]
pub(super) struct Limits {
    events: Limiter<Budget>,
    questions: Limiter<Budget>,
    clients: Limiter<(String, Option<IpAddr>)>,
    quotas: Counters,
    /// Questions that are being answered.
    asking: HashMap<Budget, usize>,
}

/// Questions of one project that an instance answers at a time, as many as may come in a burst: slow ones must
/// not pile up and keep the store from the others.
const MAX_AT_ONCE: usize = 40;

/// A question that is being answered; over when dropped, also when the client goes away.
pub(super) struct Asking<'a> {
    app: &'a App,
    budget: Budget,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let mut limits = lock(&self.app.limits);
        if let Some(count) = limits.asking.get_mut(&self.budget) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                limits.asking.remove(&self.budget);
            }
        }
    }
}

/// A request that was let in. While it is held the request counts as being answered.
pub(super) struct Admission<'a> {
    left: Option<Left>,
    _asking: Option<Asking<'a>>,
}

impl Admission<'_> {
    /// Adds to the answer what is left of the limit.
    pub(super) fn tell(&self, reply: Reply) -> Reply {
        match self.left {
            Some(left) => tell(reply, "questions", left),
            None => reply,
        }
    }
}

impl App {
    /// Lets a request in by the limits of its route, before its handler runs.
    ///
    /// # Errors
    /// `rate_limited`.
    pub(super) async fn admit(
        &self,
        request: &impl Inbound,
        caller: &Principal,
        limit: Limit,
        now: Timestamp,
    ) -> Result<Admission<'_>, ApiError> {
        let asking = matches!(limit, Limit::Questions | Limit::Messages).then(|| self.begin_question(caller)).flatten();
        let left = match limit {
            Limit::Unlimited | Limit::Messages => None,
            Limit::Events => {
                self.admit_client(request, caller, now).await?;
                None
            }
            Limit::Questions => self.admit_question(caller, now).await?,
        };
        Ok(Admission { left, _asking: asking })
    }

    /// Lets a browser's request in, before its body is read. The address is used here and kept nowhere else.
    async fn admit_client(&self, request: &impl Inbound, caller: &Principal, now: Timestamp) -> Result<(), ApiError> {
        caller.project()?;
        if !caller.is_browser() || caller.is_unlimited() {
            return Ok(());
        }
        let ip = self.whereabouts(request).ip;
        let key_id = &caller.key()?.id;
        // A limiter outside of this memory learns no address.
        let client = self.pseudonym(key_id, ip)?;
        let taken = lock(&self.limits).clients.take((key_id.clone(), ip), 1, CLIENT, now);
        taken.map_err(|exceeded| ApiError::limited("requests", exceeded))?;
        self.shared("CLIENT_LIMITER", "requests", client).await
    }

    /// Lets events in: the project's rate, then its quota.
    pub(super) fn admit_events(&self, caller: &Principal, count: usize, now: Timestamp) -> Result<(), ApiError> {
        let project = caller.project()?;
        let env = caller.env().as_str();
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
    pub(super) fn readmit(&self, caller: &Principal, count: usize) {
        if let Some(project) = caller.own_project() {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            lock(&self.limits).quotas.give_back(&project.id, caller.env().as_str(), count);
        }
    }

    /// Lets a question in; what is left goes into the answer's headers.
    pub(super) async fn admit_question(&self, caller: &Principal, now: Timestamp) -> Result<Option<Left>, ApiError> {
        let Some(budget) = caller.budget() else { return Ok(None) };
        let shared = format!("{}:{}", budget.0, budget.1);
        let (taken, answering) = {
            let mut limits = lock(&self.limits);
            let answering = limits.asking.get(&budget).copied().unwrap_or(0);
            (limits.questions.take(budget, 1, READ, now), answering)
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
    fn begin_question(&self, caller: &Principal) -> Option<Asking<'_>> {
        let budget = caller.budget()?;
        *lock(&self.limits).asking.entry(budget.clone()).or_default() += 1;
        Some(Asking { app: self, budget })
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
