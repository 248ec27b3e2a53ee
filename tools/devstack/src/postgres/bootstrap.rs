//! Sets up a new cluster like a new Supabase project.

use anyhow::{Context as _, Result};
use tokio_postgres::Client;

/// Roles, schemas and default privileges of a new project.
const SUPABASE: &str = include_str!("../../sql/supabase.sql");

/// Applies the script once. The role `authenticator` marks that this is done. Repeating it on each start would undo
/// what a migration has revoked.
///
/// PostgREST logs in as `authenticator`, which gets the superuser's password.
pub(super) async fn apply(mut client: Client, password: &str) -> Result<()> {
    let failed = "cannot create the roles and schemas of a new project";
    let done = client.query_opt("select from pg_roles where rolname = 'authenticator'", &[]).await.context(failed)?;
    if done.is_some() {
        return Ok(());
    }
    let transaction = client.transaction().await.context(failed)?;
    transaction.batch_execute(SUPABASE).await.context(failed)?;
    // A utility statement takes no parameters, so the server quotes the password.
    let statement: String = transaction
        .query_one("select format('alter role authenticator password %L', $1::text)", &[&password])
        .await?
        .get(0);
    transaction.batch_execute(&statement).await?;
    transaction.commit().await.context(failed)
}
