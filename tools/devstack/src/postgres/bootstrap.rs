//! Gives a new cluster what a new Supabase project has.

use anyhow::{Context as _, Result};
use tokio_postgres::Client;

/// Roles, schemas and default privileges of a new project.
const SUPABASE: &str = include_str!("../../sql/supabase.sql");

/// Applies the script once; the role `authenticator` marks that it was. Running it on each start
/// would undo what a migration has since revoked.
///
/// `authenticator`, as which PostgREST logs in, gets the superuser's password.
pub(super) async fn apply(mut client: Client, password: &str) -> Result<()> {
    let sentence = "the roles and schemas of a new project cannot be made";
    let done = client.query_opt("select from pg_roles where rolname = 'authenticator'", &[]).await.context(sentence)?;
    if done.is_some() {
        return Ok(());
    }
    let transaction = client.transaction().await.context(sentence)?;
    transaction.batch_execute(SUPABASE).await.context(sentence)?;
    // A utility statement takes no parameters, so the server quotes the password itself.
    let statement: String = transaction
        .query_one("select format('alter role authenticator password %L', $1::text)", &[&password])
        .await?
        .get(0);
    transaction.batch_execute(&statement).await?;
    transaction.commit().await.context(sentence)
}
