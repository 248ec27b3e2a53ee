//! How every report runs: parse the question, run its statements, build the answer. The Worker does so for REST and MCP
//! in one handler; [`REPORTS`](crate::REPORTS) lists the reports.

use serde::Serialize;
use serde_json::Value;

use crate::fault::Fault;
use statement::{Scope, Statement};

/// A share in percent with two decimals; `None` if the whole is zero.
pub type Percent = Option<f64>;
/// A duration in seconds with three decimals; `None` if there is nothing to measure.
pub type Seconds = Option<f64>;

/// The store's answer to one statement.
#[derive(Debug, Default, Clone)]
pub struct Found {
    /// JSON arrays, one per line.
    pub lines: Vec<u8>,
    /// Number of rows that the store read.
    pub rows_read: u64,
}

/// A kind of question. A value of the type is one question, parsed; [`crate::REPORTS`] says how.
pub trait Report: Sized {
    /// The type of its answers.
    type Answer: Serialize + 'static;

    /// The project that the question names, by slug or id.
    fn project(&self) -> Option<&str>;

    /// Statements to run first. [`Report::statements`] gets their answers. Most reports need none.
    ///
    /// # Errors
    /// The question does not fit the scope, such as a cursor of another project.
    fn lookups(&mut self, _scope: &Scope<'_>) -> Result<Vec<Statement>, Fault> {
        Ok(Vec::new())
    }

    /// The statements that answer it; they run concurrently. `looked_up` holds the answers of the lookups.
    ///
    /// # Errors
    /// The store's rows have another shape than the lookups ask for; the text is for the log.
    fn statements(&mut self, scope: &Scope<'_>, looked_up: &[Found]) -> Result<Vec<Statement>, String>;

    /// Builds the answer from the store's answers, in the order of the statements.
    ///
    /// # Errors
    /// The store's rows have another shape than the statements ask for; the text is for the log.
    fn answer(&self, scope: &Scope<'_>, found: &[Found], elapsed_ms: i64) -> Result<Self::Answer, String>;
}

/// A question of any kind, so that one handler can run them all.
pub trait Asked {
    /// As [`Report::project`].
    fn project(&self) -> Option<&str>;
    /// As [`Report::lookups`].
    ///
    /// # Errors
    /// As there.
    fn lookups(&mut self, scope: &Scope<'_>) -> Result<Vec<Statement>, Fault>;
    /// As [`Report::statements`].
    ///
    /// # Errors
    /// As there.
    fn statements(&mut self, scope: &Scope<'_>, looked_up: &[Found]) -> Result<Vec<Statement>, String>;
    /// As [`Report::answer`].
    ///
    /// # Errors
    /// As there.
    fn answer(&self, scope: &Scope<'_>, found: &[Found], elapsed_ms: i64) -> Result<Box<dyn Answer>, String>;
}

impl<R: Report> Asked for R {
    fn project(&self) -> Option<&str> {
        Report::project(self)
    }

    fn lookups(&mut self, scope: &Scope<'_>) -> Result<Vec<Statement>, Fault> {
        Report::lookups(self, scope)
    }

    fn statements(&mut self, scope: &Scope<'_>, looked_up: &[Found]) -> Result<Vec<Statement>, String> {
        Report::statements(self, scope, looked_up)
    }

    fn answer(&self, scope: &Scope<'_>, found: &[Found], elapsed_ms: i64) -> Result<Box<dyn Answer>, String> {
        Ok(Box::new(Report::answer(self, scope, found, elapsed_ms)?))
    }
}

/// An answer of any kind. It stays a value until it leaves the Worker: REST serializes it, MCP adds notes.
pub trait Answer {
    /// Its JSON, members in the order of the type.
    ///
    /// # Errors
    /// It cannot be written; the text is for the log.
    fn to_json(&self) -> Result<Vec<u8>, String>;

    /// As a value. It is read back from the JSON, because a second serializer for each type of answer would make the
    /// Worker larger.
    ///
    /// # Errors
    /// As [`Answer::to_json`].
    fn to_value(&self) -> Result<Value, String> {
        intake::json::read(&self.to_json()?).map_err(|error| error.to_string())
    }
}

impl<T: Serialize> Answer for T {
    fn to_json(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(self).map_err(|error| error.to_string())
    }
}
