//! Statements of the operator's commands (`tools/cli`): as any user, with any settings, with data separate from the
//! statement, with answers of any size, and without a database. Not compiled into a Worker.

use std::time::Duration;

use super::clickhouse::{bound, judge, signed};
use super::http::Call;
use super::{ClickHouse, Credentials, StoreError};

/// One statement.
#[derive(Debug, Clone, Copy, Default)]
pub struct Order<'a> {
    /// The statement, if the body is its data (`INSERT … FORMAT …`); otherwise the body is the statement.
    pub query: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
    /// Values for `{name:Type}`.
    pub parameters: &'a [(String, String)],
    /// Settings of the server for this statement.
    pub settings: &'a [(&'a str, &'a str)],
    /// Whether to run it without a database.
    pub without_database: bool,
}

impl ClickHouse {
    /// A client for an operator. It has no users; each statement names one.
    pub fn for_operator(url: &str, database: &str) -> Option<Self> {
        let nobody = Credentials { user: String::new(), password: String::new() };
        Self::new(url, database, nobody.clone(), nobody)
    }

    /// Runs a statement as `user` and returns the answer unchanged.
    ///
    /// # Errors
    /// As [`Self::insert`]; the store's message is complete.
    pub async fn order(&self, user: &Credentials, order: Order<'_>, limit: Duration) -> Result<Vec<u8>, StoreError> {
        let mut query = self.address.query();
        if !order.without_database {
            query.append_pair("database", &self.database);
        }
        if let Some(text) = order.query {
            query.append_pair("query", text);
        }
        let url = query.extend_pairs(order.settings).extend_pairs(bound(order.parameters)).finish();
        let call = signed(Call::post(url, order.body), user);
        let answer = self.wire.exchange_up_to(call, limit, u64::MAX).await?;
        if answer.status == 200 && answer.exception_code.is_none() {
            return Ok(answer.body);
        }
        let message = String::from_utf8_lossy(&answer.body).trim().to_owned();
        judge(answer).map_err(|error| whole(error, message))
    }
}

/// The error with the store's complete message, for the operator.
fn whole(error: StoreError, message: String) -> StoreError {
    match error {
        StoreError::LimitReached(_) => StoreError::LimitReached(message),
        StoreError::Busy(_) => StoreError::Busy(message),
        StoreError::Refused { status, code, .. } => StoreError::Refused { status, code, message },
        other => other,
    }
}
