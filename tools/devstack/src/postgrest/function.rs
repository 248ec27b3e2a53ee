//! Which function a name and a set of arguments mean. The catalog is read for each request, so that a
//! migration takes effect at once; PostgREST caches it and reloads on notification.

use axum::http::StatusCode;
use serde::Deserialize;

use super::{error::Error, pool::Lease};

/// The only schema that is exposed.
pub(super) const SCHEMA: &str = "public";

/// All overloads of a name. PostgreSQL quotes the identifiers here; this program only joins them.
const OVERLOADS: &str = "
select coalesce(json_agg(json_build_object(
    'name', format('%I.%I', n.nspname, p.proname),
    'read_only', p.provolatile <> 'v',
    'is_void', p.prorettype = 'void'::regtype,
    'is_supported', not p.proretset and t.typrelid = 0 and p.provariadic = 0 and p.proargmodes is null
        and (p.pronargs = 0 or p.proargnames is not null and not '' = any (p.proargnames)),
    'arguments', coalesce((
        select json_agg(json_build_object(
            'name', coalesce(a.name, ''),
            'column', format('%I %s', coalesce(a.name, ''), format_type(a.type, null)),
            'pass', format('%1$I := body.%1$I', coalesce(a.name, '')),
            'is_required', a.place <= p.pronargs - p.pronargdefaults) order by a.place)
        from unnest(p.proargnames, p.proargtypes::oid[]) with ordinality a(name, type, place)), '[]'))
    order by p.oid), '[]')::text
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
join pg_type t on t.oid = p.prorettype
where n.nspname = $1 and p.proname = $2 and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype";

/// One overload of a function.
#[derive(Debug, Deserialize)]
pub(super) struct Function {
    /// Quoted, with its schema.
    name: String,
    /// Whether it is declared `stable` or `immutable`: PostgREST then opens a read-only transaction.
    pub(super) read_only: bool,
    /// Whether it returns nothing.
    pub(super) is_void: bool,
    /// Whether it takes named arguments and returns one value that is not a row.
    is_supported: bool,
    arguments: Vec<Argument>,
}

#[derive(Debug, Deserialize)]
struct Argument {
    name: String,
    /// `"name" type`, for the column list of `json_to_record`.
    column: String,
    /// `"name" := body."name"`.
    pass: String,
    /// Whether it has no default.
    is_required: bool,
}

impl Function {
    fn takes(&self, given: &[&str]) -> bool {
        self.arguments.iter().all(|argument| !argument.is_required || given.contains(&argument.name.as_str()))
            && given.iter().all(|name| self.arguments.iter().any(|argument| argument.name == *name))
    }

    /// The statement that calls it with the arguments of a JSON object (`$1`) and answers one JSON text.
    pub(super) fn statement(&self, given: &[&str]) -> String {
        let used: Vec<_> = self.arguments.iter().filter(|argument| given.contains(&argument.name.as_str())).collect();
        let join = |part: fn(&Argument) -> &str| used.iter().map(|one| part(one)).collect::<Vec<_>>().join(", ");
        let body = if used.is_empty() {
            "(select $1::text) body".to_owned()
        } else {
            format!("json_to_record($1::text::json) as body({})", join(|one| &one.column))
        };
        let (name, pass) = (&self.name, join(|one| &one.pass));
        format!(
            "select coalesce(json_agg(called.value)->0, 'null')::text from (select {name}({pass}) as value from {body}) called"
        )
    }
}

/// All functions of that name in the exposed schema.
pub(super) async fn overloads(lease: &mut Lease<'_>, name: &str) -> Result<Vec<Function>, Error> {
    let failed = |error: tokio_postgres::Error| Error::from_database(&error, true);
    let statement = lease.prepare(OVERLOADS, true).await?;
    let row = lease.client()?.query_one(&statement, &[&SCHEMA, &name]).await.map_err(failed)?;
    serde_json::from_str(row.get(0)).map_err(|error| {
        Error::new(StatusCode::INTERNAL_SERVER_ERROR, "PGRSTX00", "the catalog cannot be read")
            .details(error.to_string())
    })
}

/// The overload that the names of the arguments fit.
///
/// # Errors
/// PostgREST's 404 and 300 for none and several; 501 where it might have chosen one that this server
/// cannot call.
pub(super) fn choose(overloads: Vec<Function>, name: &str, given: &[&str]) -> Result<Function, Error> {
    if overloads.iter().any(|function| !function.is_supported) {
        return Err(Error::unsupported(format!(
            "{SCHEMA}.{name} returns rows or takes unnamed, variadic or output arguments, which is not supported"
        )));
    }
    let mut fitting: Vec<Function> = overloads.into_iter().filter(|function| function.takes(given)).collect();
    match (fitting.pop(), fitting.len()) {
        (Some(function), 0) => Ok(function),
        (Some(_), _) => Err(Error::new(
            StatusCode::MULTIPLE_CHOICES,
            "PGRST203",
            format!("Could not choose the best candidate function between overloads of {SCHEMA}.{name}"),
        )
        .hint("Try renaming the parameters or the function itself in the database so function overloading can be resolved")),
        (None, _) => Err(unknown(name, given)),
    }
}

fn unknown(name: &str, given: &[&str]) -> Error {
    let names = given.join(", ");
    let (short, long) = match given.len() {
        0 => (" without parameters".to_owned(), " without parameters".to_owned()),
        1 => (format!("({names})"), format!(" with parameter {names}")),
        _ => (format!("({names})"), format!(" with parameters {names}")),
    };
    Error::new(
        StatusCode::NOT_FOUND,
        "PGRST202",
        format!("Could not find the function {SCHEMA}.{name}{short} in the schema cache"),
    )
    .details(format!(
        "Searched for the function {SCHEMA}.{name}{long} or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache."
    ))
}
