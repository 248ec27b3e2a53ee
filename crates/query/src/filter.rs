//! Conditions: read from JSON, written as SQL with bound values.

use serde_json::Value;

use super::dimension::{Column, Dimension, allowed};
use super::fault::{Fault, Path};
use super::metric::Level;
use super::segment::{MAX_NAME, MAX_NAMED, Segments};
use statement::Binder;

/// Deepest nesting of `and`, `or`, `not`, `has_done`.
pub const MAX_DEPTH: usize = 6;
/// Most conditions of one question.
pub const MAX_NODES: usize = 100;
/// Most values of one condition.
pub const MAX_VALUES: usize = 100;
/// Most characters of a value.
pub const MAX_VALUE: usize = 2048;
/// Most characters of a pattern.
pub const MAX_PATTERN: usize = 256;

/// A condition on events, or on sessions.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of them.
    And(Vec<Self>),
    /// One of them at least.
    Or(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// A dimension's text against values.
    Text(Dimension, Test, Vec<String>),
    /// A number against another.
    Number(Numeric, Order, f64),
    /// There is something.
    Exists(Subject),
    /// The visitor has an event like this in the period.
    HasDone(Box<Self>),
}

/// How a text is compared; one value that fits is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// Equal.
    Is,
    /// Holds it somewhere, in this very case.
    Contains,
    /// Begins with it.
    StartsWith,
    /// Fits the pattern (re2) somewhere.
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

/// What has a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Numeric {
    /// The event's revenue, in its own currency.
    Revenue,
    /// A property.
    Property(Dimension),
}

/// What may exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The event's revenue.
    Revenue,
    /// A property, or a column that is not empty.
    Dimension(Dimension),
}

/// All operators, for people.
pub const OPERATORS: &str = "and, or, not, is, is_not, contains, not_contains, starts_with, matches, gt, gte, lt, lte, \
     exists, has_done, has_not_done";

fn operators() -> String {
    format!("must be of {OPERATORS}")
}

/// Reads a list of conditions that must all hold.
///
/// # Errors
/// What is wrong, with its path.
pub fn read_all(value: &Value, path: &Path<'_>, segments: Segments<'_>) -> Result<Filter, Fault> {
    let mut reader = Reader { nodes: 0, segments };
    reader.list(value, path, 0).map(Filter::And)
}

/// Reads one condition.
///
/// # Errors
/// What is wrong, with its path.
pub fn read_one(value: &Value, path: &Path<'_>, segments: Segments<'_>) -> Result<Filter, Fault> {
    Reader { nodes: 0, segments }.filter(value, path, 0)
}

/// Reads one condition on single events.
///
/// # Errors
/// What is wrong, with its path.
pub fn read_event(value: &Value, path: &Path<'_>, segments: Segments<'_>) -> Result<Filter, Fault> {
    let filter = read_one(value, path, segments)?;
    if filter.has_done() || !filter.is_known_to(Level::Event) {
        return Err(path.fault("must be a condition on single events"));
    }
    Ok(filter)
}

struct Reader<'a> {
    nodes: usize,
    segments: Segments<'a>,
}

impl Reader<'_> {
    fn list(&mut self, value: &Value, path: &Path<'_>, depth: usize) -> Result<Vec<Filter>, Fault> {
        let items = value.as_array().ok_or_else(|| path.fault("must be a list of conditions"))?;
        items.iter().enumerate().map(|(index, item)| self.filter(item, &path.index(index), depth)).collect()
    }

    fn filter(&mut self, value: &Value, path: &Path<'_>, depth: usize) -> Result<Filter, Fault> {
        self.nodes += 1;
        if self.nodes > MAX_NODES || depth > MAX_DEPTH {
            return Err(path.fault(format!("at most {MAX_NODES} conditions, {MAX_DEPTH} deep")));
        }
        let parts = value
            .as_array()
            .map(Vec::as_slice)
            .ok_or_else(|| path.fault("must be a condition such as [\"is\",\"country\",[\"DE\"]]"))?;
        let operator = parts.first().and_then(Value::as_str).ok_or_else(|| path.index(0).fault(operators()))?;
        let arguments = parts.get(1..).unwrap_or_default();
        match (operator, arguments) {
            ("and", [list]) => self.list(list, &path.index(1), depth + 1).map(Filter::And),
            ("or", [list]) => match self.list(list, &path.index(1), depth + 1)? {
                empty if empty.is_empty() => Err(path.index(1).fault("must not be empty")),
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
            (
                "and" | "or" | "not" | "has_done" | "has_not_done" | "is" | "is_not" | "contains" | "not_contains"
                | "starts_with" | "matches" | "gt" | "gte" | "lt" | "lte" | "exists",
                _,
            ) => Err(path.fault(format!("{operator} has {} arguments, which is not what it takes", arguments.len()))),
            _ => Err(path.index(0).fault(operators())),
        }
    }

    /// What fits one of the segments.
    fn segments(&mut self, names: &Value, path: &Path<'_>) -> Result<Filter, Fault> {
        let (at, many) = (path.index(2), names.as_array());
        let names = many.map_or(std::slice::from_ref(names), Vec::as_slice);
        if names.is_empty() || names.len() > MAX_VALUES {
            return Err(at.fault(format!("must hold 1 to {MAX_NAMED} names or ids of segments")));
        }
        let mut either = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let at = if many.is_some() { at.index(index) } else { at.clone() };
            let name = name.as_str().filter(|name| name.chars().count() <= MAX_NAME);
            let name = name.ok_or_else(|| at.fault("must be the name or id of a segment"))?;
            match self.segments {
                Segments::Closed => return Err(path.index(1).fault("a segment cannot refer to other segments")),
                Segments::Noted(noted) => noted.note(name, &at)?,
                Segments::Saved(saved) => {
                    // Whatever is wrong in there is told at the reference. Depth is counted anew: what is saved
                    // refers to nothing else.
                    let list = self.list(saved.find(name, &at)?, &at.flattened(), 0)?;
                    either.push(Filter::And(list));
                }
            }
        }
        // Before segments are looked up they fit nothing.
        Ok(Filter::Or(either))
    }

    /// A condition on single events, within `has_done`.
    fn event(&mut self, value: &Value, path: &Path<'_>, depth: usize) -> Result<Filter, Fault> {
        let filter = self.filter(value, path, depth)?;
        if filter.has_done() {
            return Err(path.fault("has_done cannot stand within has_done"));
        }
        if !filter.is_known_to(Level::Event) {
            return Err(path.fault("must be about events; entry_path and exit_path are of sessions"));
        }
        Ok(filter)
    }
}

fn is_segment(subject: &Value) -> bool {
    subject.as_str() == Some("segment")
}

fn negated(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

fn dimension(value: &Value, path: &Path<'_>) -> Result<Dimension, Fault> {
    let name = value.as_str().ok_or_else(|| path.fault(allowed()))?;
    if name == "segment" {
        return Err(path.fault("segments are named with is and is_not"));
    }
    match Dimension::parse(name).map_err(|allowed| path.fault(allowed))? {
        Dimension::Time(_) => Err(path.fault("the period is set by date_range")),
        dimension => Ok(dimension),
    }
}

fn text(test: Test, subject: &Value, values: &Value, path: &Path<'_>) -> Result<Filter, Fault> {
    let dimension = dimension(subject, &path.index(1))?;
    let at = path.index(2);
    let one = std::slice::from_ref(values);
    let values = values.as_array().map_or(one, Vec::as_slice);
    if values.is_empty() || values.len() > MAX_VALUES {
        return Err(at.fault(format!("must hold 1 to {MAX_VALUES} values")));
    }
    let max = if test == Test::Matches { MAX_PATTERN } else { MAX_VALUE };
    let read = |value: &Value| match value {
        Value::String(word) if word.chars().count() <= max => Ok(word.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        _ => Err(at.fault(format!("must be a text of at most {max} characters, or a list of such"))),
    };
    Ok(Filter::Text(dimension, test, values.iter().map(read).collect::<Result<_, _>>()?))
}

fn number(order: Order, subject: &Value, limit: &Value, path: &Path<'_>) -> Result<Filter, Fault> {
    let numeric = match subject.as_str() {
        Some("revenue") => Numeric::Revenue,
        _ => match dimension(subject, &path.index(1)) {
            Ok(property @ Dimension::Property(_)) => Numeric::Property(property),
            _ => return Err(path.index(1).fault("must be revenue or prop:KEY")),
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

    /// Whether a visitor's other events bear on it.
    pub fn has_done(&self) -> bool {
        match self {
            Self::And(list) | Self::Or(list) => list.iter().any(Self::has_done),
            Self::Not(one) => one.has_done(),
            Self::HasDone(_) => true,
            Self::Text(..) | Self::Number(..) | Self::Exists(_) => false,
        }
    }

    /// The patterns of `matches` in it: what they may be only the store knows.
    pub(super) fn patterns(&self) -> Vec<&str> {
        match self {
            Self::And(list) | Self::Or(list) => list.iter().flat_map(Self::patterns).collect(),
            Self::Not(one) | Self::HasDone(one) => one.patterns(),
            Self::Text(_, Test::Matches, patterns) => patterns.iter().map(String::as_str).collect(),
            Self::Text(..) | Self::Number(..) | Self::Exists(_) => Vec::new(),
        }
    }

    /// Whether rows of this level have all that it is about.
    pub fn is_known_to(&self, level: Level) -> bool {
        match self {
            Self::And(list) | Self::Or(list) => list.iter().all(|one| one.is_known_to(level)),
            Self::Not(one) => one.is_known_to(level),
            Self::Text(dimension, ..) | Self::Exists(Subject::Dimension(dimension)) => dimension.is_known_to(level),
            Self::Number(..) | Self::Exists(Subject::Revenue) => level == Level::Event,
            Self::HasDone(_) => true,
        }
    }

    /// The columns it is about, where those are all that it is about.
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

    /// The condition over rows of `table`. `visitors_of` gives the SELECT of the visitors who have an event
    /// that fits a condition.
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
                // What is no number fits no comparison, and its negation does.
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
