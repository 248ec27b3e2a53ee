//! One request, one transaction: role, settings, statement, checks, commit.

use tokio_postgres::types::ToSql;

use super::{access::Caller, error::Error, pool::Lease, request::Request, sql::Sql};

/// How long a statement may take, in milliseconds; the value of hosted projects.
const STATEMENT_TIMEOUT: &str = "8000";

/// `role` is taken last: from there on nothing runs with the login's rights.
const SETTINGS: &str = "
select set_config('search_path', $1, true), set_config('statement_timeout', $2, true),
    set_config('request.jwt.claims', $3, true), set_config('request.method', $4, true),
    set_config('request.path', $5, true), set_config('request.headers', $6, true),
    set_config('role', $7, true)";

/// A statement that yields one row of the columns in [`Answer`].
pub(super) struct Statement {
    /// Text and parameters.
    pub(super) sql: Sql,
    /// Whether the transaction may write.
    pub(super) read_only: bool,
    /// Whether the text tells the type of each parameter, so that it may stay prepared.
    pub(super) names_its_types: bool,
}

/// The expressions of the row that a statement yields.
pub(super) struct Answer {
    /// Rows there are without limits.
    pub(super) total: &'static str,
    /// The body of the answer.
    pub(super) body: &'static str,
    /// Rows that an upsert inserted.
    pub(super) inserted: &'static str,
    /// Filters that find a new row, as a JSON object.
    pub(super) location: &'static str,
}

impl Default for Answer {
    fn default() -> Self {
        Self { total: "null::bigint", body: "''", inserted: "null::bigint", location: "null::text" }
    }
}

impl Answer {
    /// Writes the `SELECT` that follows the `WITH`.
    pub(super) fn write(&self, sql: &mut Sql, rows: impl FnOnce(&mut Sql) -> Result<(), Error>) -> Result<(), Error> {
        sql.push(" SELECT ").push(self.total).push(", count(_postgrest_t), ").push(self.body);
        sql.push(", nullif(current_setting('response.headers', true), '')");
        sql.push(", nullif(current_setting('response.status', true), '')");
        sql.push(", ").push(self.inserted).push(", ").push(self.location).push(" FROM (");
        rows(sql)?;
        sql.push(") _postgrest_t");
        Ok(())
    }
}

/// What a statement yielded.
pub(super) struct Outcome {
    /// Rows there are without limits, where asked for.
    pub(super) total: Option<i64>,
    /// Rows in the answer, or touched.
    pub(super) rows: i64,
    /// JSON made by PostgreSQL.
    pub(super) body: String,
    /// `response.headers`, as a function set it.
    pub(super) headers: Option<String>,
    /// `response.status`, as a function set it.
    pub(super) status: Option<String>,
    /// Rows that an upsert inserted.
    pub(super) inserted: Option<i64>,
    /// Filters that find a new row, as a JSON object.
    pub(super) location: Option<String>,
}

/// Runs the statement as the caller; what `check` refuses is rolled back.
pub(super) async fn run(
    mut lease: Lease<'_>,
    caller: &Caller,
    request: &Request,
    statement: &Statement,
    check: impl FnOnce(&Outcome) -> Result<(), Error>,
) -> Result<Outcome, Error> {
    let done = execute(&mut lease, caller, request, statement).await;
    let done = done.and_then(|outcome| check(&outcome).map(|()| outcome));
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = lease.client()?.batch_execute(end).await;
    match (done, ended) {
        (Ok(outcome), Ok(())) => {
            lease.give_back();
            Ok(outcome)
        }
        // A deferred constraint speaks up here.
        (Ok(_), Err(error)) => {
            let error = Error::from_database(&error, caller.signed_in);
            if !error.is_database_down() {
                lease.give_back();
            }
            Err(error)
        }
        (Err(error), ended) => {
            if ended.is_ok() {
                lease.give_back();
            }
            Err(error)
        }
    }
}

async fn execute(
    lease: &mut Lease<'_>,
    caller: &Caller,
    request: &Request,
    statement: &Statement,
) -> Result<Outcome, Error> {
    let failed = |error: tokio_postgres::Error| Error::from_database(&error, caller.signed_in);
    let settings = lease.prepare(SETTINGS, caller.signed_in).await?;
    let begin = if statement.read_only {
        "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"
    } else {
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
    };
    let client = lease.client()?;
    let method = request.method.as_str();
    let values: [&(dyn ToSql + Sync); 7] = [
        &request.search_path,
        &STATEMENT_TIMEOUT,
        &caller.claims,
        &method,
        &request.path,
        &request.headers,
        &caller.role,
    ];
    // Both go out at once; the server takes them in order.
    let (opened, set) = tokio::join!(client.batch_execute(begin), client.query(&settings, &values));
    opened.map_err(failed)?;
    set.map_err(failed)?;

    let text = statement.sql.text();
    let prepared = if statement.names_its_types {
        lease.prepare(text, caller.signed_in).await?
    } else {
        lease.client()?.prepare(text).await.map_err(failed)?
    };
    let row = lease.client()?.query_one(&prepared, &statement.sql.params()).await.map_err(failed)?;
    Ok(Outcome {
        total: row.get(0),
        rows: row.get(1),
        body: row.get(2),
        headers: row.get(3),
        status: row.get(4),
        inserted: row.get(5),
        location: row.get(6),
    })
}
