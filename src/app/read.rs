//! Asking the event store. A question may take ten seconds, a store that is gone must be told in three:
//! so after two seconds without an answer the store is asked whether it is there at all.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::App;
use crate::error::ApiError;
use crate::query::{Found, Statement};
use crate::store::StoreError;

const PATIENCE: Duration = Duration::from_secs(2);
const SIGN_OF_LIFE: Duration = Duration::from_millis(600);

impl App {
    /// Runs a statement and returns all that the store found.
    pub(super) async fn read(&self, statement: Statement) -> Result<Found, ApiError> {
        let store = &self.config()?.clickhouse;
        let answer = pin!(store.select(statement.sql, &statement.parameters));
        let doubt = pin!(async {
            (self.runtime.sleep)(PATIENCE).await;
            store.alive(SIGN_OF_LIFE).await
        });
        match select(answer, doubt).await {
            Either::Left((answer, _)) => answer,
            Either::Right((Ok(()), answer)) => answer.await,
            Either::Right((Err(error), _)) => {
                Err(StoreError::Unreachable(format!("no answer, and no sign of life: {error:?}")))
            }
        }
        .map(Found::from)
        .map_err(StoreError::question)
    }
}
