//! `GET` and `HEAD` on a table or view.

use super::{
    catalog::Relation,
    error::Error,
    filter::write_where,
    media::Media,
    query::Query,
    request::Request,
    sql::Sql,
    transaction::{Answer, Statement},
};

/// Rows in the shape the caller accepts.
pub(super) fn body(media: Media) -> &'static str {
    match media {
        Media::Json => "coalesce(json_agg(_postgrest_t), '[]')::text",
        Media::Singular => "coalesce(json_agg(_postgrest_t)->0, 'null')::text",
    }
}

/// The statement of a read.
pub(super) fn statement(request: &Request, relation: &Relation) -> Result<Statement, Error> {
    let query = &request.query;
    let table = relation.name.as_str();
    let mut sql = Sql::default();
    sql.push("WITH pgrst_source AS (SELECT ");
    query.write_select(&mut sql, relation, table)?;
    sql.push(" FROM ").qualified(&request.schema, table);
    write_where(&mut sql, &query.filters, relation, table)?;
    query.write_order(&mut sql, relation, table)?;
    query.write_range(&mut sql);
    sql.push(")");
    let mut answer = Answer { body: body(request.media), ..Answer::default() };
    if request.prefer.count {
        sql.push(", pgrst_source_count AS (SELECT 1 FROM ").qualified(&request.schema, table);
        write_where(&mut sql, &query.filters, relation, table)?;
        sql.push(")");
        answer.total = "(SELECT count(*) FROM pgrst_source_count)";
    }
    answer.write(&mut sql, |sql| {
        sql.push("SELECT * FROM pgrst_source");
        Ok(())
    })?;
    Ok(Statement { sql, read_only: true, names_its_types: false })
}

/// Refuses the parameters that belong to writes.
pub(super) fn check(query: &Query) -> Result<(), Error> {
    if query.on_conflict.is_some() || query.columns.is_some() {
        return Err(Error::unsupported("on_conflict and columns are for inserts"));
    }
    Ok(())
}
