//! One call, one transaction: role, settings, statement, commit.

use tokio_postgres::types::ToSql;

use super::{access::Caller, error::Error, function::Function, pool::Lease};

/// How long a statement may take, in milliseconds; the value of hosted projects.
const STATEMENT_TIMEOUT: &str = "8000";
/// Where names without a schema are looked up; as hosted projects have it.
const SEARCH_PATH: &str = "public, extensions";

/// `role` comes last: from there on nothing runs with the login's rights.
const SETTINGS: &str = "
select set_config('search_path', $1, true), set_config('statement_timeout', $2, true),
    set_config('request.jwt.claims', $3, true), set_config('role', $4, true)";

/// Calls the function as the caller with the arguments of a JSON object. The answer is the JSON of the
/// returned value, or nothing for a function that returns `void`.
pub(super) async fn run(
    mut lease: Lease<'_>,
    caller: &Caller,
    function: &Function,
    arguments: &[&str],
    body: &str,
) -> Result<Option<String>, Error> {
    let done = execute(&mut lease, caller, function, arguments, body).await;
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    // A deferred constraint fails at the commit.
    let ended =
        lease.client()?.batch_execute(end).await.map_err(|error| Error::from_database(&error, caller.signed_in));
    if ended.as_ref().err().is_none_or(|error| done.is_ok() && !error.is_database_down()) {
        lease.give_back();
    }
    let json = done?;
    ended?;
    Ok((!function.is_void).then_some(json))
}

async fn execute(
    lease: &mut Lease<'_>,
    caller: &Caller,
    function: &Function,
    arguments: &[&str],
    body: &str,
) -> Result<String, Error> {
    let failed = |error: tokio_postgres::Error| Error::from_database(&error, caller.signed_in);
    let settings = lease.prepare(SETTINGS, caller.signed_in).await?;
    let begin = if function.read_only {
        "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"
    } else {
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
    };
    let client = lease.client()?;
    let values: [&(dyn ToSql + Sync); 4] = [&SEARCH_PATH, &STATEMENT_TIMEOUT, &caller.claims, &caller.role];
    // Both are sent at once; the server executes them in order.
    let (opened, set) = tokio::join!(client.batch_execute(begin), client.query(&settings, &values));
    opened.map_err(failed)?;
    set.map_err(failed)?;
    let statement = lease.prepare(&function.statement(arguments), caller.signed_in).await?;
    let row = lease.client()?.query_one(&statement, &[&body]).await.map_err(failed)?;
    Ok(row.get(0))
}
