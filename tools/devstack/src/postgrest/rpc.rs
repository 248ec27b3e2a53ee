//! `/rpc/{function}`: which of the overloads is meant, and the statement that calls it.

use std::collections::BTreeSet;

use axum::http::StatusCode;

use super::{
    catalog::{Argument, Function, Returns},
    error::Error,
    filter::write_where,
    media::Media,
    payload::Payload,
    request::Request,
    sql::Sql,
    transaction::{Answer, Statement},
};

/// How the arguments reach the function.
enum Call<'function> {
    /// By name, out of a JSON object.
    Named(Vec<&'function Argument>),
    /// The whole body as one unnamed `json` or `jsonb`.
    Whole(&'function Argument),
}

/// The function whose arguments fit, as PostgREST chooses it: by the names given, else one that
/// takes the whole body.
pub(super) fn choose(functions: Vec<Function>, request: &Request, name: &str) -> Result<Function, Error> {
    let given = given(request);
    let (mut named, mut whole) = (Vec::new(), Vec::new());
    for function in functions {
        if given.as_ref().is_some_and(|given| takes(&function, given)) {
            named.push(function);
        } else if request.has_body() && takes_whole(&function) {
            whole.push(function);
        }
    }
    let mut fitting = if named.is_empty() { whole } else { named };
    match (fitting.pop(), fitting.len()) {
        (Some(function), 0) => Ok(function),
        (Some(_), _) => Err(Error::new(
            StatusCode::MULTIPLE_CHOICES,
            "PGRST203",
            format!("Could not choose the best candidate function between overloads of {}.{name}", request.schema),
        )
        .hint("Try renaming the parameters or the function itself in the database so function overloading can be resolved")),
        (None, _) => Err(unknown(request, name, given)),
    }
}

/// The names of the arguments, or nothing where the body is no object.
fn given(request: &Request) -> Option<BTreeSet<&str>> {
    if !request.has_body() {
        return Some(request.query.arguments.iter().map(|(name, _)| name.as_str()).collect());
    }
    match &request.payload {
        Payload::Object(keys) => Some(keys.iter().map(String::as_str).collect()),
        Payload::Array(_) | Payload::Other => None,
    }
}

fn takes(function: &Function, given: &BTreeSet<&str>) -> bool {
    let arguments = &function.arguments;
    arguments.iter().all(|argument| !argument.required || given.contains(argument.name.as_str()))
        && given.iter().all(|name| arguments.iter().any(|argument| argument.name == *name))
}

fn takes_whole(function: &Function) -> bool {
    matches!(function.arguments.as_slice(), [only]
        if only.name.is_empty() && matches!(only.type_name.as_str(), "json" | "jsonb"))
}

fn unknown(request: &Request, name: &str, given: Option<BTreeSet<&str>>) -> Error {
    let Some(given) = given else {
        return Error::unsupported("a call whose body is no object needs a function with one unnamed json argument");
    };
    let names = given.into_iter().collect::<Vec<_>>().join(", ");
    let function = format!("{}.{name}", request.schema);
    let (short, long) = if names.is_empty() {
        (" without parameters".to_owned(), " without parameters".to_owned())
    } else {
        let plural = if names.contains(',') { "s" } else { "" };
        (format!("({names})"), format!(" with parameter{plural} {names}"))
    };
    let alternative = if request.has_body() { " or with a single unnamed json/jsonb parameter" } else { "" };
    Error::new(
        StatusCode::NOT_FOUND,
        "PGRST202",
        format!("Could not find the function {function}{short} in the schema cache"),
    )
    .details(format!(
        "Searched for the function {function}{long}{alternative}, but no matches were found in the schema cache."
    ))
}

/// The statement of a call.
pub(super) fn statement(request: &Request, mut function: Function, name: &str) -> Result<Statement, Error> {
    let query = &request.query;
    if function.returns != Returns::Row && !query.is_plain() {
        return Err(Error::unsupported("select, filters, order and limits on a function that returns values"));
    }
    if request.prefer.bound().is_some() && !function.returns_set {
        return Err(Error::new(
            StatusCode::BAD_REQUEST,
            "PGRST128",
            "Function must return SETOF or TABLE when max-affected preference is used with handling=strict",
        ));
    }
    let rows = function.rows("pgrst_source");
    let mut sql = Sql::default();
    sql.push("WITH pgrst_source AS (SELECT ");
    sql.push(if function.returns == Returns::Row { "pgrst_call.*" } else { "pgrst_call.pgrst_scalar" });
    write_call(&mut sql, request, &function, name);
    sql.push(")");
    let mut answer = Answer { body: body(&function, request.media), ..Answer::default() };
    if request.prefer.count {
        sql.push(", pgrst_source_count AS (SELECT 1 FROM pgrst_source");
        write_where(&mut sql, &query.filters, &rows, "pgrst_source")?;
        sql.push(")");
        answer.total = "(SELECT count(*) FROM pgrst_source_count)";
    }
    answer.write(&mut sql, |sql| {
        sql.push("SELECT ");
        query.write_select(sql, &rows, "pgrst_source")?;
        sql.push(" FROM pgrst_source");
        write_where(sql, &query.filters, &rows, "pgrst_source")?;
        query.write_order(sql, &rows, "pgrst_source")?;
        query.write_range(sql);
        Ok(())
    })?;
    // A filter's parameter takes the type of a column; an argument's type stands in the text.
    let names_its_types = query.is_plain();
    Ok(Statement { sql, read_only: !request.has_body() || !function.volatile, names_its_types })
}

fn write_call(sql: &mut Sql, request: &Request, function: &Function, name: &str) {
    let call = plan(request, function);
    let body = request.arguments();
    sql.push(" FROM ");
    match &call {
        Call::Named(arguments) if !arguments.is_empty() => {
            sql.push("(SELECT ").param(body).push("::json AS json_data) pgrst_payload, LATERAL (SELECT ");
            sql.separated(", ", arguments, |sql, argument| {
                sql.name(&argument.name);
            });
            sql.push(" FROM json_to_record(pgrst_payload.json_data) AS _(");
            sql.separated(", ", arguments, |sql, argument| {
                sql.name(&argument.name).push(" ").push(&argument.type_name);
            });
            sql.push(")) pgrst_body, LATERAL ");
            invoke(sql, request, function, name, |sql| {
                sql.separated(", ", arguments, |sql, argument| {
                    sql.push(if argument.variadic { "VARIADIC " } else { "" });
                    sql.name(&argument.name).push(" := ").qualified("pgrst_body", &argument.name);
                });
            });
        }
        Call::Named(_) => invoke(sql, request, function, name, |_| {}),
        Call::Whole(argument) => invoke(sql, request, function, name, |sql| {
            sql.param(body).push("::").push(&argument.type_name);
        }),
    }
}

fn plan<'function>(request: &Request, function: &'function Function) -> Call<'function> {
    let given = given(request);
    if let Some(given) = given.filter(|given| takes(function, given)) {
        let used = function.arguments.iter().filter(|argument| given.contains(argument.name.as_str()));
        return Call::Named(used.collect());
    }
    match function.arguments.as_slice() {
        [only] => Call::Whole(only),
        _ => Call::Named(Vec::new()),
    }
}

fn invoke(sql: &mut Sql, request: &Request, function: &Function, name: &str, arguments: impl FnOnce(&mut Sql)) {
    sql.push(if function.returns == Returns::Row { "" } else { "(SELECT " });
    sql.qualified(&request.schema, name).push("(");
    arguments(sql);
    sql.push(if function.returns == Returns::Row { ") pgrst_call" } else { ") AS pgrst_scalar) pgrst_call" });
}

/// One row or value where the function returns one, else an array.
fn body(function: &Function, media: Media) -> &'static str {
    let one = media == Media::Singular || !function.returns_set;
    match (function.returns == Returns::Row, one) {
        (true, true) => "coalesce(json_agg(_postgrest_t)->0, 'null')::text",
        (true, false) => "coalesce(json_agg(_postgrest_t), '[]')::text",
        (false, true) => "coalesce(json_agg(_postgrest_t.pgrst_scalar)->0, 'null')::text",
        (false, false) => "coalesce(json_agg(_postgrest_t.pgrst_scalar), '[]')::text",
    }
}
