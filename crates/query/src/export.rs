//! All events of a period as a file: the question of `GET /v1/export`.

use super::build::condition;
use super::fault::Fault;
use super::given::{Given, Parameters, place};
use super::model::{MAX_LIMIT, Query};
use super::read::{World, read};
use super::row::{columns, header, object};
use statement::Binder;
use statement::{Scope, Statement};

/// Parameters that are taken.
pub const KNOWN: &[&str] = &["project", "format", "from", "to", "date_range", "timezone", "event", "filters", "bots"];

/// What an export is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A JSON object a line, and a last line that says whether all are there.
    Ndjson,
    /// RFC 4180 with a line of names.
    Csv,
    /// Apache Parquet.
    Parquet,
}

/// A question for all events.
#[derive(Debug)]
pub struct Export {
    query: Query,
    /// What it is written as.
    pub format: Format,
}

impl Format {
    /// Its name in questions, and a file's suffix.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// What stands before the store's first row.
    pub fn head(self) -> String {
        if self == Self::Csv { header() } else { String::new() }
    }
}

impl Export {
    /// Reads a query string.
    ///
    /// # Errors
    /// The parameter at fault and what it takes.
    pub fn from_parameters(query: &str, world: World<'_>) -> Result<Self, Fault> {
        let given = Given::read(query, KNOWN)?;
        let format = match given.text("format") {
            None | Some("ndjson") => Format::Ndjson,
            Some("csv") => Format::Csv,
            Some("parquet") => Format::Parquet,
            Some(_) => return Err(place("format").fault("must be ndjson, csv or parquet")),
        };
        let query = read(&Parameters::about_events(&given, MAX_LIMIT)?, world)?;
        Ok(Self { query, format })
    }

    /// The project that an account key names.
    pub fn project(&self) -> Option<&str> {
        self.query.project.as_deref()
    }

    /// The statement whose answer is the file's body.
    pub fn statement(&self, scope: &Scope<'_>) -> Statement {
        let mut bind = Binder::default();
        let condition = condition(&self.query, scope, &[self.query.range], &self.query.filter, &mut bind);
        let (row, format) = match self.format {
            Format::Ndjson => (object(true), "TSVRaw"),
            Format::Csv => (columns(false), "CSV"),
            Format::Parquet => (columns(true), "Parquet"),
        };
        bind.statement(format!(
            "SELECT {row}\nFROM (SELECT * FROM events FINAL WHERE {condition}) AS events\nFORMAT {format}"
        ))
    }
}
