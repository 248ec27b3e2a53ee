//! The question of `GET /v1/export`: all events of a period as a file.

use super::build::condition;
use super::fault::Fault;
use super::given::{Given, Parameters, place};
use super::member::{Member as _, words};
use super::model::{MAX_LIMIT, Query};
use super::read::read;
use super::row::{columns, header, object};
use super::world::World;
use statement::Binder;
use statement::{Scope, Statement};

/// Allowed parameters.
pub const KNOWN: &[&str] = &["project", "format", "from", "to", "date_range", "timezone", "event", "filters", "bots"];

words! {
    /// File format of an export.
    pub enum Format {
        /// One JSON object per line; the last line says whether the file is complete.
        Ndjson = "ndjson",
        /// RFC 4180 with a header line.
        Csv = "csv",
        /// Apache Parquet.
        Parquet = "parquet",
    }
}

/// A question for all events of a period.
#[derive(Debug)]
pub struct Export {
    query: Query,
    /// The file format.
    pub format: Format,
}

impl Format {
    /// Media type of the file.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }

    /// Text before the first row from the store: the header line of CSV, otherwise nothing.
    pub fn head(self) -> String {
        if self == Self::Csv { header() } else { String::new() }
    }
}

impl Export {
    /// Parses a query string.
    ///
    /// # Errors
    /// The parameter that is invalid, unknown or repeated, and what is allowed.
    pub fn from_parameters(query: &str, world: World<'_>) -> Result<Self, Fault> {
        let given = Given::read(query, KNOWN)?;
        let format = given.text("format").map(|name| Format::read(&name.into(), &place("format"), world));
        let format = format.transpose()?.unwrap_or(Format::Ndjson);
        let query = read(&Parameters::about_events(&given, MAX_LIMIT)?, world)?;
        Ok(Self { query, format })
    }

    /// Slug or id of the project. Only account keys name one.
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
