//! Filters: parses conditions from JSON and writes them as SQL with bound values.

use serde_json::Value;

use super::dimension::{Column, Dimension, unknown_dimension};
use super::fault::{Fault, Path};
use super::metric::Level;
use super::nearest::unknown;
use super::references::{MAX_NAME, MAX_NAMED, Segments};
use statement::Binder;

/// Maximum nesting of `and`, `or`, `not` and `has_done` (`docs/concepts.md`, "Limits").
pub const MAX_DEPTH: usize = 6;
/// Maximum number of conditions of one question.
pub const MAX_NODES: usize = 100;
/// Maximum number of values of one condition.
pub const MAX_VALUES: usize = 100;
/// Maximum length of a value, in characters.
pub const MAX_VALUE: usize = 2048;
/// Maximum length of a regular expression, in characters.
pub const MAX_PATTERN: usize = 256;

/// A condition on events, or on sessions.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All conditions hold.
    And(Vec<Self>),
    /// At least one condition holds.
    Or(Vec<Self>),
    /// The condition does not hold.
    Not(Box<Self>),
    /// A dimension's text, compared with values.
    Text(Dimension, Test, Vec<String>),
    /// A number, compared with another.
    Number(Numeric, Order, f64),
    /// The value exists.
    Exists(Subject),
    /// The visitor has an event in the period that meets the condition.
    HasDone(Box<Self>),
}

/// How a text is compared with values. One match is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// Equal.
    Is,
    /// Contains the value. Case-sensitive.
    Contains,
    /// Starts with the value. Case-sensitive.
    StartsWith,
    /// The regular expression (RE2 syntax) matches anywhere in the text.
    Matches,
}

/// How numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
}

/// What a numeric comparison reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Numeric {
    /// The event's revenue, in its own currency.
    Revenue,
    /// A property.
    Property(Dimension),
}

/// What `exists` checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The event's revenue.
    Revenue,
    /// A property, or a column that is not empty.
    Dimension(Dimension),
}

/// All operators.
pub const OPERATORS: &[&str] = &[
    "and",
    "or",
    "not",
    "is",
    "is_not",
    "contains",
    "not_contains",
    "starts_with",
    "matches",
    "gt",
    "gte",
    "lt",
    "lte",
    "exists",
    "has_done",
    "has_not_done",
];
/// What every condition looks like.
const FORM: &str = "a condition such as [\"is\",\"country\",[\"DE\"]]";

/// The message for a known operator with the wrong number of arguments, or for an unknown operator.
fn not_an_operator(operator: &Value, arguments: usize) -> String {
    let takes = match operator.as_str() {
        Some("and" | "or" | "not" | "exists" | "has_done" | "has_not_done") => 1,
        Some(name) if OPERATORS.contains(&name) => 2,
        _ => return unknown(operator, OPERATORS.iter().copied()),
    };
    format!("wrong number of arguments: {operator} takes {takes}, got {arguments}")
}

/// Parses a list of conditions that must all hold.
///
/// # Errors
/// The first invalid condition, with its path and what is allowed.
pub fn read_all(value: &Value, path: &Path<'_>, segments: Segments<'_>) -> Result<Filter, Fault> {
    let mut reader = Reader { nodes: 0, segments };
    reader.list(value, path, 0).map(Filter::And)
}

/// Parses one condition.
///
/// # Errors
/// The first invalid condition, with its path and what is allowed.
pub fn read_one(value: &Value, path: &Path<'_>, segments: Segments<'_>) -> Result<Filter, Fault> {
    Reader { nodes: 0, segments }.filter(value, path, 0)
}

/// Parses one condition on single events.
///
/// # Errors
/// The first invalid condition, with its path and what is allowed. `has_done` and columns of sessions are refused.
pub fn read_event(value: &Value, path: &Path<'_>, segments: Segments<'_>) -> Result<Filter, Fault> {
    let filter = read_one(value, path, segments)?;
    if filter.has_done() || !filter.is_known_to(Level::Event) {
        return Err(
            path.fault("must be a condition on single events: without has_done and without columns of sessions")
        );
    }
    Ok(filter)
}

struct Reader<'a> {
    nodes: usize,
    segments: Segments<'a>,
}

impl Reader<'_> {
    fn list(&mut self, value: &Value, path: &Path<'_>, depth: usize) -> Result<Vec<Filter>, Fault> {
        let items =
            value.as_array().ok_or_else(|| path.fault(format!("must be a list of conditions; {FORM} is one")))?;
        items.iter().enumerate().map(|(index, item)| self.filter(item, &path.index(index), depth)).collect()
    }

    fn filter(&mut self, value: &Value, path: &Path<'_>, depth: usize) -> Result<Filter, Fault> {
        self.nodes += 1;
        if self.nodes > MAX_NODES || depth > MAX_DEPTH {
            return Err(
                path.fault(format!("too many: at most {MAX_NODES} conditions, nested at most {MAX_DEPTH} deep"))
            );
        }
        let parts = value.as_array().map(Vec::as_slice).ok_or_else(|| path.fault(format!("must be {FORM}")))?;
        let (operator, arguments) = parts.split_first().ok_or_else(|| path.fault(format!("must be {FORM}")))?;
        match (operator.as_str().unwrap_or_default(), arguments) {
            ("and", [list]) => self.list(list, &path.index(1), depth + 1).map(Filter::And),
            ("or", [list]) => match self.list(list, &path.index(1), depth + 1)? {
                empty if empty.is_empty() => Err(path.index(1).fault("must have at least one condition")),
                list => Ok(Filter::Or(list)),
            },
            ("not", [one]) => Ok(Filter::Not(Box::new(self.filter(one, &path.index(1), depth + 1)?))),
            ("has_done", [one]) => Ok(Filter::HasDone(Box::new(self.event(one, &path.index(1), depth + 1)?))),
            ("has_not_done", [one]) => {
                let done = self.event(one, &path.index(1), depth + 1)?;
                Ok(Filter::Not(Box::new(Filter::HasDone(Box::new(done)))))
            }
            ("is", [subject, names]) if is_segment(subject) => self.segments(names, path),
            ("is_not", [subject, names]) if is_segment(subject) => self.segments(names, path).map(negated),
            ("is", [subject, values]) => text(Test::Is, subject, values, path),
            ("is_not", [subject, values]) => text(Test::Is, subject, values, path).map(negated),
            ("contains", [subject, values]) => text(Test::Contains, subject, values, path),
            ("not_contains", [subject, values]) => text(Test::Contains, subject, values, path).map(negated),
            ("starts_with", [subject, values]) => text(Test::StartsWith, subject, values, path),
            ("matches", [subject, values]) => text(Test::Matches, subject, values, path),
            ("gt", [subject, limit]) => number(Order::Gt, subject, limit, path),
            ("gte", [subject, limit]) => number(Order::Gte, subject, limit, path),
            ("lt", [subject, limit]) => number(Order::Lt, subject, limit, path),
            ("lte", [subject, limit]) => number(Order::Lte, subject, limit, path),
            ("exists", [subject]) => Ok(Filter::Exists(match subject.as_str() {
                Some("revenue") => Subject::Revenue,
                _ => Subject::Dimension(dimension(subject, &path.index(1))?),
            })),
            (name, arguments) => {
                let at = if OPERATORS.contains(&name) { path.clone() } else { path.index(0) };
                Err(at.fault(not_an_operator(operator, arguments.len())))
            }
        }
    }

    /// Replaces names of segments by a condition: at least one of the segments applies.
    fn segments(&mut self, names: &Value, path: &Path<'_>) -> Result<Filter, Fault> {
        let (at, many) = (path.index(2), names.as_array());
        let names = many.map_or(std::slice::from_ref(names), Vec::as_slice);
        if names.is_empty() || names.len() > MAX_VALUES {
            return Err(at.fault(format!("must have 1 to {MAX_NAMED} names or ids of segments")));
        }
        let mut either = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let at = if many.is_some() { at.index(index) } else { at.clone() };
            let name = name.as_str().filter(|name| name.chars().count() <= MAX_NAME);
            let name = name.ok_or_else(|| at.fault("must be a segment's name or id, a string"))?;
            match self.segments {
                Segments::Closed => {
                    return Err(path
                        .index(1)
                        .fault("segments cannot be used here: a segment cannot refer to other segments"));
                }
                Segments::Noted(noted) => noted.note(name, &at)?,
                Segments::Saved(saved) => {
                    // An error inside the segment is reported at the reference to it. Depth starts again at 0: a
                    // saved segment refers to no other.
                    let list = self.list(saved.find(name, &at)?, &at.flattened(), 0)?;
                    either.push(Filter::And(list));
                }
            }
        }
        // In the first pass the segments are not known yet, and the condition matches nothing.
        Ok(Filter::Or(either))
    }

    /// Parses the condition on single events inside `has_done`.
    fn event(&mut self, value: &Value, path: &Path<'_>, depth: usize) -> Result<Filter, Fault> {
        let filter = self.filter(value, path, depth)?;
        if filter.has_done() {
            return Err(path.fault("has_done cannot be used inside has_done"));
        }
        if !filter.is_known_to(Level::Event) {
            return Err(path.fault(sessions_only()));
        }
        Ok(filter)
    }
}

/// The message for a column of sessions where only events count.
pub(super) fn sessions_only() -> String {
    format!("must be about events; sessions alone have {}", Column::not_of_events())
}

fn is_segment(subject: &Value) -> bool {
    subject.as_str() == Some("segment")
}

fn negated(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

fn dimension(value: &Value, path: &Path<'_>) -> Result<Dimension, Fault> {
    let name = value.as_str().ok_or_else(|| path.fault(unknown_dimension(value)))?;
    if name == "segment" {
        return Err(path.fault("segments are compared with is and is_not only: [\"is\",\"segment\",[\"NAME\"]]"));
    }
    match Dimension::parse(name).map_err(|message| path.fault(message))? {
        Dimension::Time(_) => Err(path.fault("must be a column or a property; the period is set by date_range")),
        dimension => Ok(dimension),
    }
}

fn text(test: Test, subject: &Value, values: &Value, path: &Path<'_>) -> Result<Filter, Fault> {
    let dimension = dimension(subject, &path.index(1))?;
    let at = path.index(2);
    let one = std::slice::from_ref(values);
    let values = values.as_array().map_or(one, Vec::as_slice);
    if values.is_empty() || values.len() > MAX_VALUES {
        return Err(at.fault(format!("must have 1 to {MAX_VALUES} values")));
    }
    let max = if test == Test::Matches { MAX_PATTERN } else { MAX_VALUE };
    let read = |value: &Value| match value {
        Value::String(word) if word.chars().count() <= max => Ok(word.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        _ => Err(
            at.fault(format!("must be a string of at most {max} characters, a number or a boolean, or a list of them"))
        ),
    };
    Ok(Filter::Text(dimension, test, values.iter().map(read).collect::<Result<_, _>>()?))
}

fn number(order: Order, subject: &Value, limit: &Value, path: &Path<'_>) -> Result<Filter, Fault> {
    let numeric = match subject.as_str() {
        Some("revenue") => Numeric::Revenue,
        _ => match dimension(subject, &path.index(1)) {
            Ok(property @ Dimension::Property(_)) => Numeric::Property(property),
            _ => return Err(path.index(1).fault("must be revenue or prop:KEY, such as prop:seats")),
        },
    };
    let limit = limit.as_f64().filter(|limit| limit.is_finite());
    Ok(Filter::Number(numeric, order, limit.ok_or_else(|| path.index(2).fault("must be a number"))?))
}

impl Filter {
    /// The condition that always holds.
    pub fn everything() -> Self {
        Self::And(Vec::new())
    }

    /// Whether it depends on the visitor's other events.
    pub fn has_done(&self) -> bool {
        match self {
            Self::And(list) | Self::Or(list) => list.iter().any(Self::has_done),
            Self::Not(one) => one.has_done(),
            Self::HasDone(_) => true,
            Self::Text(..) | Self::Number(..) | Self::Exists(_) => false,
        }
    }

    /// The regular expressions of `matches` in it. Only ClickHouse can check their syntax.
    pub(super) fn patterns(&self) -> Vec<&str> {
        match self {
            Self::And(list) | Self::Or(list) => list.iter().flat_map(Self::patterns).collect(),
            Self::Not(one) | Self::HasDone(one) => one.patterns(),
            Self::Text(_, Test::Matches, patterns) => patterns.iter().map(String::as_str).collect(),
            Self::Text(..) | Self::Number(..) | Self::Exists(_) => Vec::new(),
        }
    }

    /// Whether rows of this level have every dimension that it names.
    pub fn is_known_to(&self, level: Level) -> bool {
        match self {
            Self::And(list) | Self::Or(list) => list.iter().all(|one| one.is_known_to(level)),
            Self::Not(one) => one.is_known_to(level),
            Self::Text(dimension, ..) | Self::Exists(Subject::Dimension(dimension)) => dimension.is_known_to(level),
            Self::Number(..) | Self::Exists(Subject::Revenue) => level == Level::Event,
            Self::HasDone(_) => true,
        }
    }

    /// The columns that it names; `None` if it depends on anything but columns.
    pub fn columns(&self) -> Option<Vec<Column>> {
        match self {
            Self::And(list) | Self::Or(list) => {
                list.iter().map(Self::columns).collect::<Option<Vec<_>>>().map(|lists| lists.concat())
            }
            Self::Not(one) => one.columns(),
            Self::Text(Dimension::Column(column), ..) | Self::Exists(Subject::Dimension(Dimension::Column(column))) => {
                Some(vec![*column])
            }
            Self::Text(..) | Self::Number(..) | Self::Exists(_) | Self::HasDone(_) => None,
        }
    }

    /// The SQL condition over rows of `table`. `visitors_of` writes the SELECT of the visitors who have an event that
    /// meets a condition.
    pub(super) fn sql(
        &self,
        table: &str,
        bind: &mut Binder,
        visitors_of: &dyn Fn(&Self, &mut Binder) -> String,
    ) -> String {
        let join = |list: &[Self], word: &str, none: &str, bind: &mut Binder| {
            let parts: Vec<String> = list.iter().map(|one| one.sql(table, bind, visitors_of)).collect();
            if parts.is_empty() { none.to_owned() } else { format!("({})", parts.join(word)) }
        };
        match self {
            Self::And(list) => join(list, " AND ", "1", bind),
            Self::Or(list) => join(list, " OR ", "0", bind),
            Self::Not(one) => format!("NOT {}", one.sql(table, bind, visitors_of)),
            Self::Text(dimension, Test::Is, values) => {
                let subject = dimension.text(table, bind);
                let values: Vec<String> = values.iter().map(|value| bind.value("String", value)).collect();
                format!("({subject} IN ({}))", values.join(", "))
            }
            Self::Text(dimension, test, values) => {
                let subject = dimension.text(table, bind);
                let parts: Vec<String> = values
                    .iter()
                    .map(|value| {
                        let value = bind.value("String", value);
                        match test {
                            Test::StartsWith => format!("startsWith({subject}, {value})"),
                            Test::Matches => format!("match({subject}, {value})"),
                            Test::Is | Test::Contains => format!("position({subject}, {value}) > 0"),
                        }
                    })
                    .collect();
                format!("({})", parts.join(" OR "))
            }
            Self::Number(numeric, order, limit) => {
                let number = match numeric {
                    Numeric::Revenue => format!("toFloat64({table}.revenue)"),
                    Numeric::Property(property) => property.number(table, bind),
                };
                let sign = match order {
                    Order::Gt => ">",
                    Order::Gte => ">=",
                    Order::Lt => "<",
                    Order::Lte => "<=",
                };
                // A value that is not a number meets no comparison. Its negation holds.
                format!("ifNull({number} {sign} {}, 0)", bind.value("Float64", &limit.to_string()))
            }
            Self::Exists(Subject::Revenue) => format!("({table}.revenue IS NOT NULL)"),
            Self::Exists(Subject::Dimension(Dimension::Property(key))) => {
                format!("JSONHas({table}.properties, {})", bind.value("String", key))
            }
            Self::Exists(Subject::Dimension(dimension)) => format!("({} != '')", dimension.text(table, bind)),
            Self::HasDone(event) => format!("({table}.visitor IN ({}))", visitors_of(event, bind)),
        }
    }
}
