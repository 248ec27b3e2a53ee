//! What the database has under a name. Asked anew for each request, so that a migration shows at
//! once; PostgREST keeps a cache and has to be told.

use axum::http::StatusCode;
use serde::{Deserialize, de::DeserializeOwned};

use super::{error::Error, pool::Lease};

const RELATION: &str = "
select json_build_object(
    'columns', coalesce((
        select json_agg(json_build_object(
            'name', a.attname,
            'type', format_type(a.atttypid, a.atttypmod),
            'default', case
                when a.attidentity = 'd' then format('nextval(%L)',
                    pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname))
                when a.attidentity = 'a' or a.attgenerated <> '' then null
                else coalesce(pg_get_expr(d.adbin, d.adrelid), t.typdefault)
            end) order by a.attnum)
        from pg_attribute a
        join pg_type t on t.oid = a.atttypid
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]'),
    'primary_key', coalesce((
        select json_agg(a.attname order by k.place)
        from pg_index i
        cross join unnest(i.indkey) with ordinality k(attnum, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
        where i.indrelid = c.oid and i.indisprimary), '[]'))::text
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'v', 'm', 'f', 'p')";

const FUNCTIONS: &str = "
select coalesce(json_agg(json_build_object(
    'volatile', p.provolatile = 'v',
    'returns_set', p.proretset,
    'returns', case
        when p.prorettype = 'void'::regtype then 'void'
        when t.typrelid <> 0 or p.proargmodes::text[] && '{t,b,o}' then 'row'
        else 'value'
    end,
    'arguments', coalesce((
        select json_agg(json_build_object(
            'name', coalesce(a.name, ''),
            'type', format_type(a.type, null),
            'required', a.place <= p.pronargs - p.pronargdefaults,
            'variadic', coalesce(a.mode = 'v', false)) order by a.place)
        from (
            select x.name, x.type, x.mode, row_number() over (order by x.place) as place
            from unnest(p.proargnames, coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargmodes)
                with ordinality x(name, type, mode, place)
            where x.type is not null and (x.mode is null or x.mode in ('i', 'b', 'v'))
        ) a), '[]'),
    'columns', coalesce(case
        when t.typrelid <> 0 then (
            select json_agg(json_build_object('name', a.attname, 'type', '') order by a.attnum)
            from pg_attribute a
            where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)
        else (
            select json_agg(json_build_object('name', coalesce(x.name, ''), 'type', '') order by x.place)
            from unnest(p.proargnames, p.proargmodes) with ordinality x(name, mode, place)
            where x.mode in ('t', 'b', 'o'))
        end, '[]')) order by p.oid), '[]')::text
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
join pg_type t on t.oid = p.prorettype
where n.nspname = $1 and p.proname = $2 and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype";

/// A table or view, or the rows of a function.
#[derive(Debug, Deserialize)]
pub(super) struct Relation {
    /// Name in messages and statements.
    #[serde(skip)]
    pub(super) name: String,
    /// In their order.
    pub(super) columns: Vec<Column>,
    /// Empty for views.
    #[serde(default)]
    pub(super) primary_key: Vec<String>,
}

/// A column.
#[derive(Debug, Deserialize)]
pub(super) struct Column {
    /// Unquoted.
    pub(super) name: String,
    /// As the catalog writes it, with its schema.
    #[serde(rename = "type")]
    pub(super) type_name: String,
    /// The expression, as the catalog writes it.
    #[serde(default)]
    pub(super) default: Option<String>,
}

/// A function.
#[derive(Debug, Deserialize)]
pub(super) struct Function {
    /// Whether it may write.
    pub(super) volatile: bool,
    /// `RETURNS SETOF` or `TABLE`.
    pub(super) returns_set: bool,
    /// What it returns, or each element of what it returns.
    pub(super) returns: Returns,
    /// In their order.
    pub(super) arguments: Vec<Argument>,
    /// Of the rows it returns.
    columns: Vec<Column>,
}

/// What a function returns.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Returns {
    /// Nothing.
    Void,
    /// A scalar, JSON or array.
    Value,
    /// A composite, or the columns of `TABLE` and `OUT`.
    Row,
}

/// An argument of a function.
#[derive(Debug, Deserialize)]
pub(super) struct Argument {
    /// Empty where it has none.
    pub(super) name: String,
    /// As the catalog writes it, with its schema.
    #[serde(rename = "type")]
    pub(super) type_name: String,
    /// Whether it has no default.
    pub(super) required: bool,
    /// `VARIADIC`.
    pub(super) variadic: bool,
}

impl Relation {
    /// Refuses a column that is not there, in PostgreSQL's words.
    pub(super) fn check(&self, column: &str) -> Result<(), Error> {
        if self.find(column).is_some() {
            return Ok(());
        }
        Err(Error::new(StatusCode::BAD_REQUEST, "42703", format!("column {}.{column} does not exist", self.name)))
    }

    /// The column that a key of a body names.
    pub(super) fn target(&self, column: &str) -> Result<&Column, Error> {
        self.find(column).ok_or_else(|| {
            Error::new(
                StatusCode::BAD_REQUEST,
                "PGRST204",
                format!("Could not find the '{column}' column of '{}' in the schema cache", self.name),
            )
        })
    }

    fn find(&self, column: &str) -> Option<&Column> {
        self.columns.iter().find(|known| known.name == column)
    }
}

impl Function {
    /// The rows it returns, under the name the statement gives them.
    pub(super) fn rows(&mut self, name: &str) -> Relation {
        Relation { name: name.to_owned(), columns: std::mem::take(&mut self.columns), primary_key: Vec::new() }
    }
}

/// The table or view.
pub(super) async fn relation(lease: &mut Lease<'_>, schema: &str, name: &str) -> Result<Relation, Error> {
    let found: Option<Relation> = ask(lease, RELATION, schema, name).await?;
    let Some(mut relation) = found else {
        return Err(Error::new(
            StatusCode::NOT_FOUND,
            "PGRST205",
            format!("Could not find the table '{schema}.{name}' in the schema cache"),
        ));
    };
    name.clone_into(&mut relation.name);
    Ok(relation)
}

/// All functions of that name.
pub(super) async fn functions(lease: &mut Lease<'_>, schema: &str, name: &str) -> Result<Vec<Function>, Error> {
    Ok(ask(lease, FUNCTIONS, schema, name).await?.unwrap_or_default())
}

async fn ask<T: DeserializeOwned>(
    lease: &mut Lease<'_>,
    question: &str,
    schema: &str,
    name: &str,
) -> Result<Option<T>, Error> {
    let statement = lease.prepare(question, true).await?;
    let row = lease
        .client()?
        .query_opt(&statement, &[&schema, &name])
        .await
        .map_err(|error| Error::from_database(&error, true))?;
    let Some(row) = row else {
        return Ok(None);
    };
    let text: String = row.get(0);
    serde_json::from_str(&text).map(Some).map_err(|error| {
        Error::new(StatusCode::INTERNAL_SERVER_ERROR, "PGRSTX00", "the catalog cannot be read")
            .details(error.to_string())
    })
}
