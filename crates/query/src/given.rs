//! Query parameters: parses a query string, and maps parameters to members of the JSON question.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::fault::{Fault, Path};
use super::member::Members;
use super::nearest::unknown_member;
use super::range::{Edge, Period};
use intake::event::MAX_ID as MAX_NAME;
use statement::Range;

/// Maximum length of a parameter that holds JSON, in bytes.
const MAX_JSON: usize = 16 * 1024;

/// A parsed query string. Each parameter is known and occurs once.
pub(super) struct Given<'a> {
    values: Vec<(&'static str, Cow<'a, str>)>,
}

impl<'a> Given<'a> {
    /// Parses a query string.
    ///
    /// # Errors
    /// A parameter is unknown or repeated.
    pub(super) fn read(query: &'a str, known: &[&'static str]) -> Result<Self, Fault> {
        let mut values: Vec<(&'static str, Cow<'_, str>)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let Some(known) = known.iter().find(|known| **known == name) else {
                let shown: String = name.chars().take(64).collect();
                return Err(place(&shown).fault(unknown_member(&shown, known)));
            };
            if values.iter().any(|(name, _)| name == known) {
                return Err(place(known).fault("must be given only once; separate several values by commas"));
            }
            values.push((known, value));
        }
        Ok(Self { values })
    }

    /// A parameter's value.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_ref())
    }

    /// A parameter that is `true` or `false`; `false` if it is missing.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Fault> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(place(name).fault("must be true or false")),
        }
    }

    /// A parameter that holds JSON.
    pub(super) fn json(&self, name: &str) -> Result<Option<Value>, Fault> {
        self.text(name).map(|text| parsed(text, name)).transpose()
    }

    fn period(&self) -> Result<Option<(Period, Path<'static>)>, Fault> {
        // A date means the instant at which it begins, so `to` is excluded (`docs/concepts.md`, "Time").
        let edge = |name: &str| {
            self.text(name).map(|value| Edge::parse(value).ok_or_else(|| place(name).fault(Edge::FORM))).transpose()
        };
        match (self.text("date_range"), edge("from")?, edge("to")?) {
            (Some(word), None, None) => {
                let path = place("date_range");
                Ok(Some((Period::parse(&word.into(), &path)?, path)))
            }
            (Some(_), ..) => Err(place("date_range").fault("cannot be combined with from and to")),
            (None, from, to) => Ok(Some((Period::Since(from, to), place("from")))),
        }
    }

    fn filters(&self) -> Result<Value, Fault> {
        let mut filters = match self.json("filters")? {
            None => Vec::new(),
            Some(Value::Array(filters)) => filters,
            Some(_) => {
                return Err(
                    place("filters").fault("must be a JSON list of conditions such as [[\"is\",\"country\",[\"DE\"]]]")
                );
            }
        };
        if let Some(event) = self.text("event") {
            if event.is_empty() || event.chars().count() > MAX_NAME {
                return Err(place("event").fault(format!("must have 1 to {MAX_NAME} characters")));
            }
            filters.push(json!(["is", "event", [event]]));
        }
        Ok(Value::Array(filters))
    }
}

/// The members of a question, each with the parameter that it comes from.
pub(super) struct Parameters {
    members: Vec<(&'static str, Value, Path<'static>)>,
    period: Option<(Period, Path<'static>)>,
}

impl Parameters {
    /// The members that every question about events has: project, period, time zone, filters, bots, limit, cursor.
    ///
    /// # Errors
    /// The parameter that is invalid, and what is allowed.
    pub(super) fn about_events(given: &Given<'_>, max_limit: u32) -> Result<Self, Fault> {
        let mut members = Self { members: Vec::new(), period: given.period()? };
        for name in ["project", "timezone", "cursor"] {
            if let Some(text) = given.text(name) {
                members.set(name, name, text.into());
            }
        }
        members.set("filters", "filters", given.filters()?);
        members.set("include", "include", json!({ "bots": given.flag("bots")? }));
        if let Some(text) = given.text("limit") {
            let limit = text.parse::<u32>().ok().filter(|limit| (1..=max_limit).contains(limit));
            let fault = || place("limit").fault(format!("must be a whole number from 1 to {max_limit}"));
            members.set("limit", "limit", limit.ok_or_else(fault)?.into());
        }
        Ok(members)
    }

    /// Sets the period.
    pub(super) fn during(&mut self, range: Range) {
        self.period = Some((Period::Between(Edge::At(range.from), Edge::At(range.to)), place("from")));
    }

    /// Sets a member that comes from `parameter`. Replaces the value that it had.
    pub(super) fn set(&mut self, member: &'static str, parameter: &str, value: Value) {
        self.members.retain(|(known, ..)| *known != member);
        self.members.push((member, value, place(parameter)));
    }
}

impl Members for Parameters {
    fn member(&self, name: &str) -> (Option<&Value>, Path<'static>) {
        let found = self.members.iter().find(|(member, ..)| *member == name);
        found.map_or_else(|| (None, place(parameter_of(name))), |(_, value, path)| (Some(value), path.clone()))
    }

    fn period(&self) -> Result<(Period, Path<'static>), Fault> {
        Ok(self.period.clone().unwrap_or_else(|| (Period::Since(None, None), place("from"))))
    }
}

/// The parameter that a member comes from.
fn parameter_of(member: &str) -> &str {
    match member {
        "metrics" => "metric",
        "dimensions" => "group_by",
        "date_range" => "from",
        other => other,
    }
}

/// A parameter's path in errors: `?name`.
pub(super) fn place(name: &str) -> Path<'static> {
    Path::flat(format!("?{name}"))
}

/// Checks the query string of a route without parameters.
///
/// # Errors
/// It has a parameter.
pub fn no_parameters(query: &str) -> Result<(), Fault> {
    match form_urlencoded::parse(query.as_bytes()).next() {
        None => Ok(()),
        Some((name, _)) => {
            let shown: String = name.chars().take(64).collect();
            Err(place(&shown).fault("is unknown; this route has no parameters"))
        }
    }
}

/// Parses JSON of up to [`MAX_JSON`] bytes.
///
/// # Errors
/// It is not JSON, or too long.
pub(super) fn parsed(text: &str, name: &str) -> Result<Value, Fault> {
    let value = (text.len() <= MAX_JSON).then(|| serde_json::from_str(text).ok()).flatten();
    value.ok_or_else(|| place(name).fault(format!("must be JSON of at most {MAX_JSON} bytes")))
}
