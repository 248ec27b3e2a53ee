//! `POST`, `PATCH` and `DELETE` on a table or view. The body goes to PostgreSQL as it came; only its
//! keys are read here.

use std::collections::BTreeSet;

use axum::http::StatusCode;

use super::{
    catalog::{Column, Relation},
    error::Error,
    filter::write_where,
    payload::{self, Payload},
    prefer::{Resolution, Return},
    read::body,
    request::Request,
    sql::Sql,
    transaction::{Answer, Statement},
};

/// Counts the rows that an upsert really inserts: up with each row, down again with each conflict.
const INSERTED: &str = "nullif(current_setting('pgrst.inserted', true), '')::bigint";
const COUNT_UP: &str = " WHERE set_config('pgrst.inserted', \
    (coalesce(nullif(current_setting('pgrst.inserted', true), '')::bigint, 0) + 1)::text, true) <> '0'";
const COUNT_DOWN: &str = " WHERE set_config('pgrst.inserted', \
    (coalesce(nullif(current_setting('pgrst.inserted', true), '')::bigint, 0) - 1)::text, true) <> '-1'";

/// The values of the primary key, as filters that find the row.
const LOCATION: &str = "CASE WHEN count(_postgrest_t) = 1 THEN (\
    SELECT json_object_agg(key, coalesce('eq.' || value, 'is.null'))::text \
    FROM (SELECT row_to_json(_) AS pgrst_row FROM pgrst_source AS _ LIMIT 1) pgrst_data, \
    json_each_text(pgrst_data.pgrst_row)) END";

/// The columns by which an upsert recognises a row; empty where there are none.
pub(super) fn conflict_columns<'a>(request: &'a Request, relation: &'a Relation) -> &'a [String] {
    request.query.on_conflict.as_ref().unwrap_or(&relation.primary_key)
}

/// The statement of a `POST`.
pub(super) fn insert(request: &Request, relation: &Relation) -> Result<Statement, Error> {
    if request.query.limited || !request.query.filters.is_empty() {
        return Err(Error::unsupported("filters and limits on an insert are not supported"));
    }
    let columns = targets(request, relation)?;
    let resolution = request.prefer.resolution.filter(|_| !conflict_columns(request, relation).is_empty());
    let merging = resolution == Some(Resolution::Merge) && !columns.is_empty();

    let mut sql = Sql::default();
    sql.push("WITH pgrst_source AS (INSERT INTO ").qualified(&request.schema, &relation.name);
    if !columns.is_empty() {
        sql.push(" (").separated(", ", &columns, |sql, column| {
            sql.name(&column.name);
        });
        sql.push(")");
    }
    sql.push(" SELECT ").separated(", ", &columns, |sql, column| {
        sql.qualified("pgrst_body", &column.name);
    });
    write_body(&mut sql, request, &columns);
    if merging {
        sql.push(COUNT_UP);
    }
    if resolution.is_some() {
        let conflict = conflict_columns(request, relation);
        for column in conflict {
            relation.check(column)?;
        }
        sql.push(" ON CONFLICT (").separated(", ", conflict, |sql, column| {
            sql.name(column);
        });
        sql.push(")");
        if merging {
            sql.push(" DO UPDATE SET ").separated(", ", &columns, |sql, column| {
                sql.name(&column.name).push(" = EXCLUDED.").name(&column.name);
            });
            sql.push(COUNT_DOWN);
        } else {
            sql.push(" DO NOTHING");
        }
    }
    finish(sql, request, relation, if merging { INSERTED } else { "null::bigint" })
}

/// The statement of a `PATCH`.
pub(super) fn update(request: &Request, relation: &Relation) -> Result<Statement, Error> {
    if matches!(request.payload, Payload::Array(_)) {
        return Err(Error::unsupported("an array as the body of an update is not supported"));
    }
    check_mutation(request, "UPDATE")?;
    let columns = targets(request, relation)?;
    let mut sql = Sql::default();
    if columns.is_empty() {
        // Nothing to set is no error and touches no row.
        sql.push("WITH pgrst_source AS (SELECT ").name(&relation.name).push(".* FROM ");
        sql.qualified(&request.schema, &relation.name).push(" WHERE false)");
        return close(sql, request, relation, "null::bigint");
    }
    sql.push("WITH pgrst_source AS (UPDATE ").qualified(&request.schema, &relation.name).push(" SET ");
    sql.separated(", ", &columns, |sql, column| {
        sql.name(&column.name).push(" = ").qualified("pgrst_body", &column.name);
    });
    write_body(&mut sql, request, &columns);
    write_where(&mut sql, &request.query.filters, relation, &relation.name)?;
    finish(sql, request, relation, "null::bigint")
}

/// The statement of a `DELETE`.
pub(super) fn delete(request: &Request, relation: &Relation) -> Result<Statement, Error> {
    check_mutation(request, "DELETE")?;
    let mut sql = Sql::default();
    sql.push("WITH pgrst_source AS (DELETE FROM ").qualified(&request.schema, &relation.name);
    write_where(&mut sql, &request.query.filters, relation, &relation.name)?;
    finish(sql, request, relation, "null::bigint")
}

/// Hosted projects load `safeupdate` for the API's login, which refuses to touch whole tables.
fn check_mutation(request: &Request, verb: &str) -> Result<(), Error> {
    if request.query.limited {
        return Err(Error::unsupported("limit and offset on a write are not supported"));
    }
    if request.query.filters.is_empty() {
        return Err(Error::new(StatusCode::BAD_REQUEST, "21000", format!("{verb} requires a WHERE clause")));
    }
    Ok(())
}

/// The columns to write: those of `columns=`, else the keys of the body.
fn targets<'a>(request: &Request, relation: &'a Relation) -> Result<Vec<&'a Column>, Error> {
    let named: BTreeSet<&String> = match (&request.query.columns, &request.payload) {
        (Some(columns), _) => columns.iter().collect(),
        (None, Payload::Object(keys)) => keys.iter().collect(),
        (None, Payload::Array(rows)) => {
            let first = rows.first();
            if rows.iter().any(|keys| Some(keys) != first) {
                return Err(Error::new(StatusCode::BAD_REQUEST, "PGRST102", "All object keys must match"));
            }
            first.into_iter().flatten().collect()
        }
        (None, Payload::Other) => return Err(payload::invalid()),
    };
    named.into_iter().map(|name| relation.target(name)).collect()
}

/// ` FROM` the body as rows named `pgrst_body`, with the types of the columns.
fn write_body(sql: &mut Sql, request: &Request, columns: &[&Column]) {
    let array = matches!(request.payload, Payload::Array(_));
    let defaults = request.prefer.missing_default == Some(true);
    sql.push(" FROM (SELECT ").param(request.body.as_str());
    sql.push(if defaults { "::jsonb" } else { "::json" }).push(" AS json_data) pgrst_payload, ");
    let mut source = "pgrst_payload.json_data";
    if defaults {
        source = "pgrst_json_defs.val";
        sql.push("LATERAL (SELECT ").push(if array { "jsonb_agg(" } else { "" });
        sql.push("jsonb_build_object(");
        let with_default = columns.iter().filter_map(|column| Some((column, column.default.as_ref()?)));
        sql.separated(", ", with_default, |sql, (column, default)| {
            sql.param(column.name.as_str()).push("::text, ").push(default);
        });
        sql.push(if array {
            ") || elem) AS val FROM jsonb_array_elements(pgrst_payload.json_data) elem) pgrst_json_defs, "
        } else {
            ") || pgrst_payload.json_data AS val) pgrst_json_defs, "
        });
    }
    let prefix = if defaults { "jsonb" } else { "json" };
    sql.push("LATERAL (SELECT ").separated(", ", columns, |sql, column| {
        sql.name(&column.name);
    });
    if columns.is_empty() {
        if array {
            sql.push(" FROM ").push(prefix).push("_array_elements(").push(source).push(") _");
        } else {
            sql.push(" FROM (VALUES (1)) _");
        }
    } else {
        sql.push(" FROM ").push(prefix).push(if array { "_to_recordset(" } else { "_to_record(" });
        sql.push(source).push(") AS _(").separated(", ", columns, |sql, column| {
            sql.name(&column.name).push(" ").push(&column.type_name);
        });
        sql.push(")");
    }
    sql.push(") pgrst_body");
}

/// Adds `RETURNING`: no more columns than the answer needs, because each needs its grant.
fn finish(mut sql: Sql, request: &Request, relation: &Relation, inserted: &'static str) -> Result<Statement, Error> {
    sql.push(" RETURNING ");
    match request.prefer.returning {
        Some(Return::Representation) => match request.query.returned() {
            None => {
                sql.name(&relation.name).push(".*");
            }
            Some(columns) => {
                for column in &columns {
                    relation.check(column)?;
                }
                sql.separated(", ", columns, |sql, column| {
                    sql.qualified(&relation.name, column);
                });
            }
        },
        Some(Return::HeadersOnly) if !relation.primary_key.is_empty() => {
            sql.separated(", ", &relation.primary_key, |sql, column| {
                sql.qualified(&relation.name, column);
            });
        }
        _ => {
            sql.push("1");
        }
    }
    sql.push(")");
    close(sql, request, relation, inserted)
}

fn close(mut sql: Sql, request: &Request, relation: &Relation, inserted: &'static str) -> Result<Statement, Error> {
    let full = request.prefer.returning == Some(Return::Representation);
    let located = request.prefer.returning == Some(Return::HeadersOnly) && !relation.primary_key.is_empty();
    let answer = Answer {
        body: if full { body(request.media) } else { "''" },
        inserted,
        location: if located { LOCATION } else { "null::text" },
        ..Answer::default()
    };
    answer.write(&mut sql, |sql| {
        if full {
            sql.push("SELECT ");
            request.query.write_select(sql, relation, "pgrst_source")?;
            sql.push(" FROM pgrst_source");
            request.query.write_order(sql, relation, "pgrst_source")
        } else {
            sql.push("SELECT * FROM pgrst_source");
            Ok(())
        }
    })?;
    Ok(Statement { sql, read_only: false, names_its_types: false })
}
