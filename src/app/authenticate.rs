//! From a request to a [`Principal`]: the key is found, looked up, verified, and checked for the access.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::inbound::Inbound;
use super::principal::Principal;
use super::{App, Deadline, lock};
use crate::auth::{Lookup, origin_allowed, presented, unknown_key, verify};
use crate::session;
use crate::store::StoreError;
use intake::control::{KeyRecord, read_key};
use intake::error::{ApiError, ErrorCode};
use intake::key::{Access, Kind, redacted};

/// Look-ups an instance makes at once; a Worker has six connections a request, and more would only queue.
const MAX_LOOKUPS: usize = 6;
/// Longest that a look-up may take, in milliseconds.
const LOOKUP_MS: u64 = 1_500;

/// How often a request looks whether it may look up, and how long it does, in milliseconds.
const POLL: Duration = Duration::from_millis(15);
const MAX_WAIT_MS: i64 = 1_000;

impl App {
    /// Authenticates the caller of a route of class [`Endpoint::Session`](super::routes::Endpoint): a signed-in user,
    /// or an account key with scope `admin`.
    pub(super) async fn authenticate_session(
        &self,
        request: &impl Inbound,
        deadline: &Deadline,
    ) -> Result<Principal, ApiError> {
        let authorization = request.header("authorization");
        match authorization.as_deref().and_then(bearer).filter(|token| session::looks_like_one(token)) {
            Some(token) => self.session(token).await.map(Principal::Member),
            None => self.authenticate(request, Access::Manage, deadline).await,
        }
    }

    /// Authenticates the caller of a route that needs a key, and checks that the key has this access.
    pub(super) async fn authenticate(
        &self,
        request: &impl Inbound,
        access: Access,
        deadline: &Deadline,
    ) -> Result<Principal, ApiError> {
        let authorization = request.header("authorization");
        let in_query = (access == Access::Ingest).then(|| query_key(request.query())).flatten();
        let presented = presented(authorization.as_deref(), in_query)?;
        let key = presented.parse()?;
        // What changes or destroys things needs a key that is known to be good now.
        let stale = !matches!(access, Access::Manage | Access::Forget | Access::Save);
        let record = self.record(key.prefix, stale, deadline).await?.ok_or_else(unknown_key)?;
        verify(&key, &record, &self.config()?.peppers, (self.runtime.now)())?;
        let caller = Principal::Key(record.clone());
        caller.check(access).map_err(|code| {
            let shown = redacted(record.kind, record.env, key.prefix);
            ApiError::new(code, format!("{shown} may not do this; see the table of keys in the documentation"))
        })?;
        if record.kind == Kind::Publishable {
            check_origin(request.header("origin"), &record.allowed_origins)?;
        }
        Ok(caller)
    }

    /// What is stored under a prefix: from the cache, else from the control plane. `None`: definitely
    /// nothing.
    async fn record(&self, prefix: &str, stale: bool, deadline: &Deadline) -> Result<Option<Arc<KeyRecord>>, ApiError> {
        let lookup = lock(&self.keys).get(prefix, deadline.received_at);
        let older = match lookup {
            Lookup::Found(record) => return Ok(Some(record)),
            Lookup::Missing => return Ok(None),
            Lookup::Ask(older) => older,
        };
        match self.ask(prefix, deadline).await {
            Ok(answer) => Ok(answer),
            Err(error) => match older.filter(|_| stale) {
                Some(record) => {
                    (self.runtime.log)(&format!("control plane silent, using an older answer for {prefix}: {error:?}"));
                    Ok(Some(record))
                }
                None => Err(error.control_plane()),
            },
        }
    }

    async fn ask(&self, prefix: &str, deadline: &Deadline) -> Result<Option<Arc<KeyRecord>>, StoreError> {
        let config = self.config.as_ref().map_err(|_| StoreError::Busy("not configured".to_owned()))?;
        let _slot = match self.slot_or_answer(prefix, deadline).await? {
            Turn::Slot(slot) => slot,
            Turn::Answered(answer) => return Ok(answer),
        };
        let body = json!({ "key_prefix": prefix }).to_string();
        let answer = config.control_plane.call("key_lookup", body, deadline.left_at_most(LOOKUP_MS)).await?;
        let answer = read_key(&answer).map_err(StoreError::Unusable)?;
        let now = (self.runtime.now)();
        let record = answer.map(|(record, rows)| {
            lock(&self.days).learn(&config.visitor_secrets, rows, now);
            Arc::new(record)
        });
        lock(&self.keys).put(prefix, record.clone(), now);
        Ok(record)
    }
}

impl App {
    /// Waits for a free look-up, by the clock and never by another request's future. What another request
    /// has learnt meanwhile is taken, so that a burst on a cold instance asks a few times and not each.
    async fn slot_or_answer(&self, prefix: &str, deadline: &Deadline) -> Result<Turn<'_>, StoreError> {
        let begin = (self.runtime.now)();
        loop {
            if let Some(slot) = Slot::take(self) {
                return Ok(Turn::Slot(slot));
            }
            (self.runtime.sleep)(POLL).await;
            match lock(&self.keys).get(prefix, deadline.received_at) {
                Lookup::Found(record) => return Ok(Turn::Answered(Some(record))),
                Lookup::Missing => return Ok(Turn::Answered(None)),
                Lookup::Ask(_) => {}
            }
            if (self.runtime.now)().0 - begin.0 >= MAX_WAIT_MS {
                return Err(StoreError::Busy(format!("{MAX_LOOKUPS} key look-ups are under way already")));
            }
        }
    }
}

/// What came first: a free look-up, or the answer of another's.
enum Turn<'a> {
    Slot(Slot<'a>),
    Answered(Option<Arc<KeyRecord>>),
}

/// One of the look-ups under way; given back when dropped, also when the client goes away.
struct Slot<'a>(&'a App);

impl<'a> Slot<'a> {
    fn take(app: &'a App) -> Option<Self> {
        let mut count = lock(&app.lookups);
        (*count < MAX_LOOKUPS).then(|| {
            *count += 1;
            Self(app)
        })
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut count = lock(&self.0.lookups);
        *count = count.saturating_sub(1);
    }
}

/// The token of an `Authorization: Bearer …` header.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim()).filter(|token| !token.is_empty())
}

fn query_key(query: &str) -> Option<Cow<'_, str>> {
    form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "key").map(|(_, value)| value)
}

fn check_origin(origin: Option<Cow<'_, str>>, allowed: &[String]) -> Result<(), ApiError> {
    let refused = |detail: String| Err(ApiError::new(ErrorCode::OriginNotAllowed, detail));
    match origin {
        Some(origin) if origin_allowed(&origin, allowed) => Ok(()),
        Some(origin) => {
            let shown: String = origin.chars().take(128).collect();
            refused(format!("{shown} is not on the key's list of origins"))
        }
        None => refused("a publishable key works in browsers only; use a secret key on servers".to_owned()),
    }
}
