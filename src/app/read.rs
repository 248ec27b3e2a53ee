//! Asking the event store. A question may take ten seconds, a store that is gone must be told in three:
//! so after two seconds without an answer the store is asked whether it is there at all.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::App;
use crate::store::StoreError;
use intake::error::ApiError;
use query::Found;
use statement::Statement;

const PATIENCE: Duration = Duration::from_secs(2);
const SIGN_OF_LIFE: Duration = Duration::from_millis(600);

impl App {
    /// Runs a statement and returns all that the store found.
    pub(super) async fn read(&self, statement: Statement) -> Result<Found, ApiError> {
        let answer = self.config()?.clickhouse.select(statement.sql, &statement.parameters);
        self.while_alive(answer).await.map(Found::from).map_err(StoreError::question)
    }

    /// Waits for an answer of the event store as long as it gives a sign of life.
    pub(super) async fn while_alive<T>(
        &self,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let store = &self.config().map_err(|_| StoreError::Busy("not configured".to_owned()))?.clickhouse;
        let answer = pin!(answer);
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
    }
}
