//! What the cron runs: the meter of each project's use, people who are to be forgotten (`forget_run.rs`), the rollups
//! (`rollups.rs`), and once a day the deletion of old data (`expire.rs`).

use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;

use super::App;
use crate::buffer::{Shard, continents};
use crate::config::Sink;
use statement::usage;

/// A count over a whole month may take longer than a reader would wait.
const LIMIT: Duration = Duration::from_secs(30);
/// Longest that an object of the buffer may take to wake.
const WAKE: Duration = Duration::from_secs(5);
/// Rows that the control plane takes at once.
const ROWS: usize = 10_000;

#[derive(Serialize)]
struct Metered<'a> {
    rows: &'a [&'a RawValue],
}

impl App {
    /// Runs everything that is due, at whichever time it is called. Failures are logged; the next run tries again.
    pub async fn scheduled(&self) {
        self.wake_buffers().await;
        if let Err(error) = self.turn_day_keys().await {
            (self.runtime.log)(&format!("day keys were not made and destroyed: {error:?}"));
        }
        if let Err(reason) = self.meter().await {
            (self.runtime.log)(&format!("usage was not metered: {reason}"));
        }
        self.forget_people().await;
        self.roll_up().await;
        self.expire_daily().await;
    }

    /// Looks at every object of the buffer: one whose alarm was lost sets it again.
    async fn wake_buffers(&self) {
        let Some(config) = self.config.as_ref().ok().filter(|config| config.sink == Sink::Buffer) else { return };
        let shards = continents().flat_map(|continent| Shard::all_of(continent, config.buffer.shards));
        for (shard, depth) in self.depths(shards, WAKE).await {
            if let Err(reason) = depth {
                (self.runtime.log)(&format!("buffer {shard} does not answer: {reason}"));
            }
        }
    }

    /// Sets the meter of this month and the last to what the store counts: an absolute number, so that
    /// running twice or half a run counts nothing twice.
    async fn meter(&self) -> Result<(), String> {
        let config = self.config.as_ref().map_err(|missing| missing.join(", "))?;
        let statement = usage((self.runtime.now)());
        let lines = config
            .clickhouse
            .select(statement.sql, &statement.parameters)
            .await
            .map_err(|error| format!("{error:?}"))?;
        let text = str::from_utf8(&lines.body).map_err(|error| error.to_string())?;
        let rows = text
            .lines()
            .map(serde_json::from_str::<&RawValue>)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())?;
        for rows in rows.chunks(ROWS) {
            let body = serde_json::to_string(&Metered { rows }).map_err(|error| error.to_string())?;
            config.control_plane.call("usage_set", body, LIMIT).await.map_err(|error| format!("{error:?}"))?;
        }
        Ok(())
    }
}
