//! The query string: which columns, which rows, in which order.

use super::{
    catalog::Relation,
    error::Error,
    filter::{self, Condition},
    names,
    range::Range,
    sql::Sql,
};

/// One element of `select=`.
#[derive(Debug)]
pub(super) enum Item {
    /// `*`
    All,
    /// `alias:column::type`
    Column { name: String, alias: Option<String>, cast: Option<String> },
}

/// One element of `order=`.
#[derive(Debug)]
struct Term {
    column: String,
    direction: &'static str,
    nulls: &'static str,
}

/// What the parameters of a request say.
#[derive(Debug, Default)]
pub(super) struct Query {
    select: Vec<Item>,
    order: Vec<Term>,
    /// All must hold.
    pub(super) filters: Vec<Condition>,
    /// `limit`, `offset` and the `Range` header.
    pub(super) range: Range,
    /// `on_conflict=`
    pub(super) on_conflict: Option<Vec<String>>,
    /// `columns=`
    pub(super) columns: Option<Vec<String>>,
    /// Parameters of a call by GET.
    pub(super) arguments: Vec<(String, String)>,
    /// Whether `limit` or `offset` was given.
    pub(super) limited: bool,
}

impl Query {
    /// Reads the parameters. In a call by GET those whose value is no filter are arguments.
    pub(super) fn parse(params: &[(String, String)], range: Option<&str>, call: bool) -> Result<Self, Error> {
        let mut query = Self::default();
        let (mut limit, mut offset) = (None, None);
        for (key, value) in params {
            match key.as_str() {
                "select" => query.select = select(value)?,
                "order" => query.order = order(value)?,
                "limit" => limit = Some(value.as_str()),
                "offset" => offset = Some(value.as_str()),
                "and" | "or" | "not.and" | "not.or" => query.filters.push(Condition::parse_group(key, value)?),
                "on_conflict" => query.on_conflict = Some(names::columns(value)?),
                "columns" => query.columns = Some(names::columns(value)?),
                _ if call && !filter::looks_like_filter(value) => {
                    if query.arguments.iter().any(|(name, _)| name == key) {
                        return Err(Error::unsupported(format!("the argument '{key}' is given more than once")));
                    }
                    query.arguments.push((key.clone(), value.clone()));
                }
                _ => query.filters.push(Condition::parse(key, value)?),
            }
        }
        query.limited = limit.is_some() || offset.is_some();
        query.range = Range::parse(range, limit, offset)?;
        Ok(query)
    }

    /// Whether rows are neither filtered nor chosen from.
    pub(super) fn is_plain(&self) -> bool {
        self.selects_all() && self.filters.is_empty() && self.order.is_empty() && self.range == Range::default()
    }

    fn selects_all(&self) -> bool {
        self.select.iter().all(|item| matches!(item, Item::All))
    }

    /// Writes the column list.
    pub(super) fn write_select(&self, sql: &mut Sql, relation: &Relation, alias: &str) -> Result<(), Error> {
        if self.select.is_empty() {
            sql.name(alias).push(".*");
            return Ok(());
        }
        for (index, item) in self.select.iter().enumerate() {
            if index > 0 {
                sql.push(", ");
            }
            match item {
                Item::All => {
                    sql.name(alias).push(".*");
                }
                Item::Column { name, alias: renamed, cast } => {
                    relation.check(name)?;
                    match cast {
                        Some(cast) => {
                            sql.push("CAST(").qualified(alias, name).push(" AS ").push(cast).push(")");
                        }
                        None => {
                            sql.qualified(alias, name);
                        }
                    }
                    sql.push(" AS ").name(renamed.as_ref().unwrap_or(name));
                }
            }
        }
        Ok(())
    }

    /// The columns that a write has to return, each once; nothing for all of them.
    pub(super) fn returned(&self) -> Option<Vec<&str>> {
        if self.select.is_empty() {
            return None;
        }
        let mut names = Vec::new();
        for item in &self.select {
            match item {
                Item::All => return None,
                Item::Column { name, .. } => names.push(name.as_str()),
            }
        }
        names.extend(self.order.iter().map(|term| term.column.as_str()));
        names.sort_unstable();
        names.dedup();
        Some(names)
    }

    /// Writes ` ORDER BY …`, or nothing.
    pub(super) fn write_order(&self, sql: &mut Sql, relation: &Relation, alias: &str) -> Result<(), Error> {
        for (index, term) in self.order.iter().enumerate() {
            relation.check(&term.column)?;
            sql.push(if index == 0 { " ORDER BY " } else { ", " });
            sql.qualified(alias, &term.column).push(term.direction).push(term.nulls);
        }
        Ok(())
    }

    /// Writes ` LIMIT … OFFSET …`, or nothing.
    pub(super) fn write_range(&self, sql: &mut Sql) {
        if let Some(limit) = self.range.limit {
            sql.push(" LIMIT ").param(limit.to_string());
        }
        if self.range.offset > 0 {
            sql.push(" OFFSET ").param(self.range.offset.to_string());
        }
    }
}

fn select(text: &str) -> Result<Vec<Item>, Error> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    names::split(text, ',')?.into_iter().map(item).collect()
}

fn item(text: &str) -> Result<Item, Error> {
    let text = text.trim();
    if text == "*" {
        return Ok(Item::All);
    }
    // Single colons set an alias apart, double ones a type.
    let (text, cast) = match text.rsplit_once("::") {
        Some((rest, cast)) => (rest, Some(type_name(cast)?)),
        None => (text, None),
    };
    let parts = names::split(text, ':')?;
    let (alias, name) = match parts.as_slice() {
        [name] => (None, *name),
        [alias, name] => (Some(names::unquote(alias)), *name),
        _ => return Err(Error::unreadable("\"failed to parse select parameter\"", format!("in '{text}'"))),
    };
    if name.starts_with("...") {
        return Err(Error::unsupported("spreading embedded resources is not supported"));
    }
    Ok(Item::Column { name: names::column(name)?, alias, cast })
}

/// A type's name is the one text that goes into the SQL unquoted, because `int` is grammar and no
/// identifier; so it may hold letters, digits and `_` alone, with `[]` for an array.
fn type_name(text: &str) -> Result<String, Error> {
    let bare = text.strip_suffix("[]").unwrap_or(text);
    let word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    if bare.is_empty() || !bare.chars().all(word) {
        return Err(Error::unsupported(format!("the cast to '{text}' is not supported")));
    }
    Ok(text.to_owned())
}

fn order(text: &str) -> Result<Vec<Term>, Error> {
    names::split(text, ',')?.into_iter().map(term).collect()
}

fn term(text: &str) -> Result<Term, Error> {
    let parts = names::split(text.trim(), '.')?;
    let (column, modifiers) = parts.split_first().ok_or_else(|| bad_order(text))?;
    let mut term = Term { column: names::column(column)?, direction: "", nulls: "" };
    for modifier in modifiers {
        match *modifier {
            "asc" if term.direction.is_empty() && term.nulls.is_empty() => term.direction = " ASC",
            "desc" if term.direction.is_empty() && term.nulls.is_empty() => term.direction = " DESC",
            "nullsfirst" if term.nulls.is_empty() => term.nulls = " NULLS FIRST",
            "nullslast" if term.nulls.is_empty() => term.nulls = " NULLS LAST",
            _ => return Err(bad_order(text)),
        }
    }
    Ok(term)
}

fn bad_order(text: &str) -> Error {
    Error::unreadable(format!("\"failed to parse order ({text})\""), "column.asc|desc.nullsfirst|nullslast is expected")
}
