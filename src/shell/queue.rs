//! The queue of waiting rows in the object's SQLite database.

use std::cell::Cell;

use serde::Deserialize;
use wasm_bindgen::JsValue;
use worker::{Result, SqlStorage};

use crate::buffer::{Batch, Queue, Waiting};
use intake::time::Timestamp;
use upkeep::erase::{Found, Inquiry, Search};

/// Maximum number of rows whose metadata is read for a batch.
const LOOK_AHEAD: i64 = 4096;

/// Size of the lines that one search reads, in bytes.
const SEARCHED: usize = 32 * 1024 * 1024;

/// AUTOINCREMENT, because a reused id would repeat a token, and the store would silently drop new rows. The generation
/// distinguishes this queue from one that was lost.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS waiting (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL,
        events INTEGER NOT NULL, bytes INTEGER NOT NULL, months TEXT NOT NULL, lines BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS batch (one INTEGER PRIMARY KEY CHECK (one = 1), first INTEGER NOT NULL,
        last INTEGER NOT NULL, done INTEGER NOT NULL, size INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS origin (one INTEGER PRIMARY KEY CHECK (one = 1), generation TEXT NOT NULL);
    INSERT OR IGNORE INTO origin VALUES (1, lower(hex(randomblob(8))));";

/// The queue. Writes without an await between them take effect together (Durable Objects, "SQLite storage").
pub(super) struct SqlQueue {
    sql: SqlStorage,
    waiting: Cell<Total>,
}

/// Totals of the waiting rows.
#[derive(Clone, Copy, Default, Deserialize)]
pub(super) struct Total {
    pub(super) events: u64,
    pub(super) bytes: u64,
}

#[derive(Deserialize)]
struct WaitingRow {
    id: i64,
    at: i64,
    events: u32,
    bytes: u64,
    months: String,
}

#[derive(Deserialize)]
struct BatchRow {
    first: i64,
    last: i64,
    done: u64,
    size: u64,
}

const TOTAL: &str = "SELECT coalesce(sum(events), 0) AS events, coalesce(sum(bytes), 0) AS bytes FROM waiting";

impl SqlQueue {
    pub(super) fn new(sql: SqlStorage) -> Self {
        Self { sql, waiting: Cell::default() }
    }

    /// Creates missing tables, and counts the waiting rows.
    pub(super) fn open(&self) -> Result<()> {
        self.sql.exec(SCHEMA, None)?;
        self.count()
    }

    fn count(&self) -> Result<()> {
        self.waiting.set(self.sql.exec(TOTAL, None)?.one()?);
        Ok(())
    }

    pub(super) fn waiting(&self) -> Total {
        self.waiting.get()
    }

    /// Random, created with the database.
    pub(super) fn generation(&self) -> std::result::Result<String, String> {
        #[derive(Deserialize)]
        struct Origin {
            generation: String,
        }
        let origin = self.sql.exec("SELECT generation FROM origin", None).and_then(|cursor| cursor.one::<Origin>());
        origin.map(|origin| origin.generation).map_err(|error| error.to_string())
    }

    pub(super) fn oldest_at(&self) -> Result<Option<i64>> {
        #[derive(Deserialize)]
        struct Oldest {
            at: Option<i64>,
        }
        self.sql.exec("SELECT min(at) AS at FROM waiting", None)?.one::<Oldest>().map(|oldest| oldest.at)
    }

    /// Passes the lines from the request to the database without a copy.
    pub(super) fn append(&self, at: Timestamp, events: u32, bytes: u64, months: &str, lines: &JsValue) -> Result<()> {
        let values = vec![number(at.0), number(i64::from(events)), number(as_i64(bytes)), months.into(), lines.clone()];
        self.sql.exec_raw("INSERT INTO waiting (at, events, bytes, months, lines) VALUES (?, ?, ?, ?, ?)", values)?;
        let waiting = self.waiting.get();
        self.waiting.set(Total { events: waiting.events + u64::from(events), bytes: waiting.bytes + bytes });
        Ok(())
    }

    /// Searches persons' lines row by row. Rows of the recorded batch may already be in the store.
    pub(super) fn search(&self, inquiry: &Inquiry) -> Result<Found> {
        #[derive(Deserialize)]
        struct Next {
            id: Option<i64>,
        }
        let search = Search::of(&inquiry.persons);
        let mut found = search.found();
        let (mut after, mut searched, mut emptied) = (inquiry.after, 0, false);
        let batch = self.recorded()?;
        while searched < SEARCHED {
            let next = self.sql.exec_raw("SELECT min(id) AS id FROM waiting WHERE id > ?", vec![number(after)])?;
            let Some(id) = next.one::<Next>()?.id else {
                after = i64::MAX;
                break;
            };
            let lines = self.lines(&Batch { first: id, last: id, done: 0, size: 0 })?;
            let in_doubt = batch.is_some_and(|batch| (batch.first..=batch.last).contains(&id));
            if let Some(lines) = search.look(inquiry.task, &lines, in_doubt, &mut found) {
                let bytes = number(as_i64(lines.len() as u64));
                let values = vec![js_sys::Uint8Array::from(lines.as_slice()).buffer().into(), bytes, number(id)];
                self.sql.exec_raw("UPDATE waiting SET lines = ?, bytes = ? WHERE id = ?", values)?;
                emptied = true;
            }
            (after, searched) = (id, searched + lines.len());
        }
        if emptied {
            self.count()?;
        }
        found.next = Some(after).filter(|after| *after != i64::MAX);
        Ok(found)
    }

    fn oldest(&self) -> Result<Vec<Waiting>> {
        let sql = "SELECT id, at, events, bytes, months FROM waiting ORDER BY id LIMIT ?";
        let rows: Vec<WaitingRow> = self.sql.exec_raw(sql, vec![number(LOOK_AHEAD)])?.to_array()?;
        let months = |text: &str| text.split('.').filter_map(|month| month.parse().ok()).collect();
        let waiting = |row: WaitingRow| Waiting {
            id: row.id,
            at: Timestamp(row.at),
            events: row.events,
            bytes: row.bytes,
            months: months(&row.months),
        };
        Ok(rows.into_iter().map(waiting).collect())
    }

    fn recorded(&self) -> Result<Option<Batch>> {
        let rows: Vec<BatchRow> = self.sql.exec("SELECT first, last, done, size FROM batch", None)?.to_array()?;
        let batch = |row: &BatchRow| Batch { first: row.first, last: row.last, done: row.done, size: row.size };
        Ok(rows.first().map(batch))
    }

    fn record(&self, batch: &Batch) -> Result<()> {
        let values =
            vec![number(batch.first), number(batch.last), number(as_i64(batch.done)), number(as_i64(batch.size))];
        self.sql.exec_raw("INSERT OR REPLACE INTO batch VALUES (1, ?, ?, ?, ?)", values).map(|_| ())
    }

    fn lines(&self, batch: &Batch) -> Result<Vec<u8>> {
        let sql = "SELECT lines FROM waiting WHERE id BETWEEN ? AND ? ORDER BY id";
        let cursor = self.sql.exec_raw(sql, vec![number(batch.first), number(batch.last)])?;
        let mut lines = Vec::new();
        for row in cursor.raw() {
            for value in row? {
                if let worker::SqlStorageValue::Blob(bytes) = value {
                    lines.extend_from_slice(&bytes);
                }
            }
        }
        Ok(lines)
    }

    fn finish(&self, batch: &Batch) -> Result<()> {
        let range = vec![number(batch.first), number(batch.last)];
        self.sql.exec_raw("DELETE FROM waiting WHERE id BETWEEN ? AND ?", range)?;
        self.sql.exec("DELETE FROM batch", None)?;
        self.count()
    }
}

impl Queue for SqlQueue {
    fn oldest(&self) -> std::result::Result<Vec<Waiting>, String> {
        self.oldest().map_err(|error| error.to_string())
    }

    fn recorded(&self) -> std::result::Result<Option<Batch>, String> {
        self.recorded().map_err(|error| error.to_string())
    }

    fn record(&self, batch: &Batch) -> std::result::Result<(), String> {
        self.record(batch).map_err(|error| error.to_string())
    }

    fn lines(&self, batch: &Batch) -> std::result::Result<Vec<u8>, String> {
        self.lines(batch).map_err(|error| error.to_string())
    }

    fn finish(&self, batch: &Batch) -> std::result::Result<(), String> {
        self.finish(batch).map_err(|error| error.to_string())
    }
}

/// Ids, times and sizes are far below 2^53, so a JavaScript number keeps them exact.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn number(value: i64) -> JsValue {
    JsValue::from_f64(value as f64)
}

fn as_i64(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
