//! Conditions on rows: `col=op.value`, `or=(…)`. Values are bound, never written into the SQL.

use super::{catalog::Relation, error::Error, names, sql::Sql};

/// A tree of conditions.
#[derive(Debug)]
pub(super) enum Condition {
    /// One column and one value.
    Compare { column: String, negated: bool, test: Test },
    /// Several, joined by AND or OR.
    Group { negated: bool, any: bool, parts: Vec<Condition> },
}

/// What is asked of the column.
#[derive(Debug)]
pub(super) enum Test {
    /// An operator with the value on its right.
    Operator(&'static str, String),
    /// `IS` with one of its keywords.
    Is(&'static str),
    /// `IN` a list.
    In(Vec<String>),
}

impl Condition {
    /// Reads `column=text`.
    pub(super) fn parse(column: &str, text: &str) -> Result<Self, Error> {
        let column = names::column(column)?;
        let (negated, rest) = strip_not(text);
        Ok(Self::Compare { column, negated, test: Test::parse(rest, false)? })
    }

    /// Reads `or=(a.eq.1,and(…))`; `key` is `and`, `or`, `not.and` or `not.or`.
    pub(super) fn parse_group(key: &str, text: &str) -> Result<Self, Error> {
        let (negated, word) = strip_not(key);
        let inner = text
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'))
            .ok_or_else(|| unreadable(&format!("{key}={text}")))?;
        let parts = names::split(inner, ',')?.into_iter().map(Self::parse_member).collect::<Result<_, _>>()?;
        Ok(Self::Group { negated, any: word == "or", parts })
    }

    fn parse_member(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        for key in ["and", "or", "not.and", "not.or"] {
            if let Some(rest) = text.strip_prefix(key)
                && rest.starts_with('(')
            {
                return Self::parse_group(key, rest);
            }
        }
        let parts = names::split(text, '.')?;
        let [column, ..] = parts.as_slice() else {
            return Err(unreadable(text));
        };
        let rest = text.get(column.len() + 1..).ok_or_else(|| unreadable(text))?;
        let column = names::column(column)?;
        let (negated, rest) = strip_not(rest);
        Ok(Self::Compare { column, negated, test: Test::parse(rest, true)? })
    }

    /// Writes the condition over the columns of `relation`, which the statement knows as `alias`.
    pub(super) fn write(&self, sql: &mut Sql, relation: &Relation, alias: &str) -> Result<(), Error> {
        match self {
            Self::Compare { column, negated, test } => {
                relation.check(column)?;
                sql.push(if *negated { "(NOT " } else { "(" }).qualified(alias, column);
                match test {
                    Test::Operator(operator, value) => {
                        sql.push(" ").push(operator).push(" ").param(value.as_str());
                    }
                    Test::Is(word) => {
                        sql.push(" IS ").push(word);
                    }
                    Test::In(values) => {
                        sql.push(" = ANY (").param(array(values)).push(")");
                    }
                }
                sql.push(")");
            }
            Self::Group { negated, any, parts } => {
                sql.push(if *negated { "(NOT (" } else { "((" });
                let separator = if *any { " OR " } else { " AND " };
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        sql.push(separator);
                    }
                    part.write(sql, relation, alias)?;
                }
                sql.push("))");
            }
        }
        Ok(())
    }
}

/// Writes ` WHERE …`, or nothing.
pub(super) fn write_where(
    sql: &mut Sql,
    conditions: &[Condition],
    relation: &Relation,
    alias: &str,
) -> Result<(), Error> {
    for (index, condition) in conditions.iter().enumerate() {
        sql.push(if index == 0 { " WHERE " } else { " AND " });
        condition.write(sql, relation, alias)?;
    }
    Ok(())
}

impl Test {
    /// `in_group` is set between the parentheses of `or=(…)`, where a value may stand in quotes.
    fn parse(text: &str, in_group: bool) -> Result<Self, Error> {
        let (operator, value) = text.split_once('.').ok_or_else(|| unreadable(text))?;
        let plain = || if in_group { names::unquote(value) } else { value.to_owned() };
        let pattern = || plain().replace('*', "%");
        let symbol = match operator {
            "eq" => "=",
            "neq" => "<>",
            "gt" => ">",
            "gte" => ">=",
            "lt" => "<",
            "lte" => "<=",
            "match" => "~",
            "imatch" => "~*",
            "isdistinct" => "IS DISTINCT FROM",
            "cs" => "@>",
            "cd" => "<@",
            "ov" => "&&",
            "like" => return Ok(Self::Operator("LIKE", pattern())),
            "ilike" => return Ok(Self::Operator("ILIKE", pattern())),
            "is" => return is(value),
            "in" => return list(value),
            _ => return Err(Error::unsupported(format!("the filter operator '{operator}' is not supported"))),
        };
        Ok(Self::Operator(symbol, plain()))
    }
}

/// Whether the text of a function's argument would be a filter to PostgREST.
pub(super) fn looks_like_filter(text: &str) -> bool {
    const OPERATORS: [&str; 27] = [
        "eq",
        "neq",
        "gt",
        "gte",
        "lt",
        "lte",
        "match",
        "imatch",
        "isdistinct",
        "cs",
        "cd",
        "ov",
        "like",
        "ilike",
        "is",
        "in",
        "fts",
        "plfts",
        "phfts",
        "wfts",
        "sl",
        "sr",
        "nxr",
        "nxl",
        "adj",
        "all",
        "any",
    ];
    let (_, rest) = strip_not(text);
    rest.split_once('.').is_some_and(|(operator, _)| {
        let operator = operator.split('(').next().unwrap_or_default();
        OPERATORS.contains(&operator)
    })
}

fn is(value: &str) -> Result<Test, Error> {
    Ok(Test::Is(match value.to_ascii_lowercase().as_str() {
        "null" => "NULL",
        "not_null" => "NOT NULL",
        "true" => "TRUE",
        "false" => "FALSE",
        "unknown" => "UNKNOWN",
        _ => return Err(unreadable(&format!("is.{value}"))),
    }))
}

fn list(value: &str) -> Result<Test, Error> {
    let inner = value
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .ok_or_else(|| unreadable(&format!("in.{value}")))?;
    if inner.is_empty() {
        return Ok(Test::In(Vec::new()));
    }
    Ok(Test::In(names::split(inner, ',')?.into_iter().map(names::unquote).collect()))
}

/// The text form of an array, so that its element type is the column's.
fn array(values: &[String]) -> String {
    let elements: Vec<String> =
        values.iter().map(|value| format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))).collect();
    format!("{{{}}}", elements.join(","))
}

fn strip_not(text: &str) -> (bool, &str) {
    text.strip_prefix("not.").map_or((false, text), |rest| (true, rest))
}

fn unreadable(text: &str) -> Error {
    Error::unreadable(
        format!("\"failed to parse filter ({text})\""),
        "an operator, a dot and a value are expected, such as eq.5",
    )
}
