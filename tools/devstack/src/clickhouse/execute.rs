//! Executes one statement in its own session, on a blocking thread.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::engine::{Engine, Run};
use super::error::{Error, Kind};
use super::ffi::Connection;
use super::format::{Joining, joining, without_header};
use super::output::{Gone, MAX_WHOLE, Output};
use super::request::Request;
use super::statement::{Class, has_totals};

/// A complete statement.
pub(super) struct Query {
    /// Its text.
    pub(super) sql: Vec<u8>,
    /// Its class.
    pub(super) class: Class,
    /// Its output format.
    pub(super) format: String,
}

/// An INSERT whose rows are streamed.
pub(super) struct Insert {
    /// The statement without its FORMAT clause.
    pub(super) sql: Vec<u8>,
    /// Input format of the rows.
    pub(super) format: String,
    /// The rows.
    pub(super) rows: mpsc::Receiver<Rows>,
}

/// A chunk of an INSERT's rows. If the channel closes without `End`, the client has disconnected.
#[derive(Debug)]
pub(super) enum Rows {
    /// Bytes in the input format, split at any position.
    Data(Bytes),
    /// All rows have arrived.
    End,
}

/// Where a statement runs.
pub(super) struct Place {
    /// The engine.
    pub(super) engine: Arc<Engine>,
    /// Settings, parameters and database.
    pub(super) request: Request,
    /// Mark of the query in `system.processes`, for cancellation.
    pub(super) mark: String,
    /// State shared with the task that responds.
    pub(super) run: Arc<Run>,
}

impl Place {
    fn session(&self, bounds: &[(&str, &str)]) -> Result<Connection, Error> {
        let session = self.engine.session(&self.request, &self.mark, bounds)?;
        if self.run.is_cancelled() { Err(cancelled()) } else { Ok(session) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.run.end();
    }
}

fn cancelled() -> Error {
    Error::new(Kind::QUERY_WAS_CANCELLED, "Query was cancelled: the client disconnected")
}

/// Runs a complete statement.
pub(super) fn query(place: &Place, query: &Query, mut output: Output) {
    let in_one = query.class != Class::Select || has_totals(&query.sql) || place.request.flag("extremes");
    let streamed = match joining(&query.format) {
        Joining::Plain if !in_one => stream(place, query, 0, &mut output),
        Joining::HeaderLines(lines) if !in_one => stream(place, query, lines, &mut output),
        _ => Ok(Streamed::NotSupported),
    };
    let outcome = match streamed {
        Ok(Streamed::NotSupported) => whole(place, query, &mut output),
        Ok(Streamed::Done) => Ok(()),
        Err(failure) => Err(failure),
    };
    // Must precede the response: its end must not look like a disconnected client.
    place.run.end();
    match outcome {
        Ok(()) => output.finish(),
        Err(Failure::Query(error)) => output.fail(error),
        Err(Failure::Gone) => {}
    }
}

enum Failure {
    Query(Error),
    Gone,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Query(error)
    }
}

impl From<Gone> for Failure {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

enum Streamed {
    Done,
    NotSupported,
}

fn stream(place: &Place, query: &Query, header_lines: usize, output: &mut Output) -> Result<Streamed, Failure> {
    let mut session = place.session(&[])?;
    let mut stream = match session.stream(&query.sql, &query.format, &place.request.parameters) {
        Ok(stream) => stream,
        Err(message) if message.contains("Streaming query is not supported") => return Ok(Streamed::NotSupported),
        Err(message) => return Err(Error::from_engine(&message).into()),
    };
    let mut first = true;
    while let Some(block) = stream.fetch().map_err(|message| Error::from_engine(&message))? {
        output.count(block.progress());
        let cut = if first { 0 } else { header_lines };
        output.write(without_header(block.data(), cut))?;
        first = false;
        if place.run.is_cancelled() {
            return Err(cancelled().into());
        }
    }
    Ok(Streamed::Done)
}

fn whole(place: &Place, query: &Query, output: &mut Output) -> Result<(), Failure> {
    let limit = MAX_WHOLE.to_string();
    let bounds: &[(&str, &str)] = if query.class == Class::Select { &[("max_result_bytes", &limit)] } else { &[] };
    let mut session = place.session(bounds)?;
    let result = session.query(&query.sql, &query.format, &place.request.parameters);
    if let Some(message) = result.error() {
        return Err(Error::from_engine(&message).into());
    }
    output.count(result.progress());
    output.write(result.data())?;
    Ok(())
}

/// Runs an INSERT with streamed rows.
pub(super) fn insert(place: &Place, mut insert: Insert, mut output: Output) {
    match insert_rows(place, &mut insert, &mut output) {
        Ok(()) => output.finish(),
        Err(error) => output.fail(error),
    }
}

fn insert_rows(place: &Place, insert: &mut Insert, output: &mut Output) -> Result<(), Error> {
    let mut session = place.session(&[])?;
    let mut stream = session
        .insert(&insert.sql, &insert.format, &place.request.parameters)
        .map_err(|message| Error::from_engine(&message))?;
    loop {
        match insert.rows.blocking_recv() {
            Some(Rows::Data(rows)) => {
                if !stream.append(&rows) {
                    break;
                }
            }
            Some(Rows::End) => break,
            // Dropping the stream cancels the INSERT.
            None => return Err(cancelled()),
        }
    }
    let result = stream.finish();
    if let Some(message) = result.error() {
        return Err(Error::from_engine(&message));
    }
    output.count(result.progress());
    Ok(())
}
