//! The last step of the ingest path: rows go where they are safe, and only then is the client answered.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use serde::{Deserialize, Serialize};

use super::inbound::Inbound;
use super::ingest::Source;
use super::{App, Deadline};
use crate::buffer::Shard;
use crate::config::{Config, Sink};
use intake::error::{ApiError, ErrorCode};
use intake::ingest::{Parcel, Rows};

/// Why the buffer did not take a parcel. Texts are for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppendError {
    /// As much waits as may wait.
    Full,
    /// The object failed or cannot be reached: whether it stored the parcel is unknown.
    Failed(String),
}

/// How full one object of the buffer is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depth {
    /// Events that wait.
    pub events: u64,
    /// Their rows' bytes.
    pub bytes: u64,
    /// When the oldest was stored, in milliseconds since 1970; `None` where nothing waits.
    pub oldest_at: Option<i64>,
    /// Attempts to send on that failed since the last success.
    pub failures: u32,
    /// What the last failure was.
    pub problem: Option<String>,
}

impl App {
    /// Returns once the rows are durable. Where one of several parcels fails, those before it are stored, and
    /// the client's retry is harmless to them.
    pub(super) async fn deliver<R: Inbound>(
        &self,
        source: &Source<'_, R>,
        rows: Rows,
        events: usize,
    ) -> Result<(), ApiError> {
        let delivered = self.hand_over(rows, source.request, source.deadline).await;
        // The client will send them again: an outage must not use up the month's quota.
        delivered.inspect_err(|_| self.readmit(source.caller, events))
    }

    async fn hand_over(&self, rows: Rows, request: &impl Inbound, deadline: &Deadline) -> Result<(), ApiError> {
        // What taking events costs without a sink; never in a Worker that is deployed.
        if cfg!(feature = "bench-no-sink") {
            return Ok(());
        }
        let config = self.config()?;
        for parcel in rows.into_parcels() {
            match config.sink {
                Sink::Direct => {
                    let stored = config.clickhouse.insert("events", parcel.lines, deadline.left()).await;
                    stored.map_err(crate::store::StoreError::events)?;
                }
                Sink::Buffer => self.append(config, parcel, &request.continent(), deadline.left()).await?,
            }
        }
        Ok(())
    }

    async fn append(&self, config: &Config, parcel: Parcel, continent: &str, limit: Duration) -> Result<(), ApiError> {
        let unavailable =
            |detail: &'static str, reason: String| ApiError::new(ErrorCode::StoreUnavailable, detail).because(reason);
        let random =
            (self.runtime.random)().map_or(0, |bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        let shard = Shard::of(continent, random, config.buffer.shards);
        let appended = (self.runtime.buffer.append)(shard, parcel);
        match select(appended, pin!((self.runtime.sleep)(limit))).await {
            Either::Left((Ok(()), _)) => Ok(()),
            Either::Left((Err(AppendError::Full), _)) => {
                let mut error =
                    unavailable("too many events wait for the store; send it again later", format!("{shard} is full"));
                // It empties when the store is back, which takes longer than a hiccup.
                error.retry_after = Some(10);
                Err(error)
            }
            Either::Left((Err(AppendError::Failed(reason)), _)) => {
                Err(unavailable("the buffer does not answer; send it again later", format!("{shard}: {reason}")))
            }
            Either::Right(_) => Err(unavailable(
                "the buffer does not answer; send it again later",
                format!("{shard}: no answer in time"),
            )),
        }
    }

    /// The depth of shards; an error in its place where one does not answer in time.
    pub(super) async fn depths(
        &self,
        shards: impl Iterator<Item = Shard>,
        limit: Duration,
    ) -> Vec<(Shard, Result<Depth, String>)> {
        let looks = shards.map(|shard| async move {
            let depth = match select((self.runtime.buffer.look)(shard), pin!((self.runtime.sleep)(limit))).await {
                Either::Left((depth, _)) => depth,
                Either::Right(_) => Err("no answer in time".to_owned()),
            };
            (shard, depth)
        });
        futures_util::future::join_all(looks).await
    }
}
