//! The common question as query parameters: `metric=visitors,events&group_by=source&from=2026-10-01`. Each is
//! made the member of the body it stands for, and read as that.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::fault::{Fault, Path};
use super::model::Query;
use super::range::{Edge, Period};
use super::read::{Members, World, read};

/// Parameters that are taken.
const KNOWN: &[&str] = &[
    "project",
    "metric",
    "from",
    "to",
    "date_range",
    "timezone",
    "event",
    "filters",
    "goal",
    "bots",
    "group_by",
    "interval",
    "order_by",
    "compare",
    "include",
    "limit",
    "cursor",
];
/// Most characters of a parameter that holds JSON.
const MAX_JSON: usize = 16 * 1024;

#[derive(Default)]
struct Parameters {
    members: Vec<(&'static str, Value, Path<'static>)>,
    period: Option<(Period, Path<'static>)>,
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

fn place(name: &str) -> Path<'static> {
    Path::flat(format!("?{name}"))
}

/// Reads a query string.
///
/// # Errors
/// The parameter at fault and what it takes. One that is unknown or stands twice is an error too.
pub fn from_parameters(query: &str, world: World<'_>) -> Result<Query, Fault> {
    let mut values: Vec<(&'static str, Cow<'_, str>)> = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let Some(known) = KNOWN.iter().find(|known| **known == name) else {
            let shown: String = name.chars().take(64).collect();
            return Err(place(&shown).fault(format!("is not known; allowed are {}", KNOWN.join(", "))));
        };
        if values.iter().any(|(name, _)| name == known) {
            return Err(place(known).fault("must stand only once; separate several values by commas"));
        }
        values.push((known, value));
    }
    let text = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_ref());
    let mut members = Parameters { period: period(&text)?, ..Parameters::default() };
    let mut set = |member: &'static str, parameter: &str, value: Value| {
        members.members.push((member, value, place(parameter)));
    };
    for (member, parameter) in [("project", "project"), ("timezone", "timezone"), ("cursor", "cursor")] {
        if let Some(text) = text(parameter) {
            set(member, parameter, text.into());
        }
    }
    if let Some(metric) = text("metric") {
        set("metrics", "metric", list(metric));
    }
    let mut dimensions: Vec<Value> = Vec::new();
    if let Some(interval) = text("interval") {
        let known = super::Interval::ALL.iter().any(|one| one.as_str() == interval);
        if !known {
            let names: Vec<&str> = super::Interval::ALL.iter().map(|one| one.as_str()).collect();
            return Err(place("interval").fault(format!("must be one of {}", names.join(", "))));
        }
        dimensions.push(format!("time:{interval}").into());
    }
    if let Some(Value::Array(names)) = text("group_by").map(list) {
        dimensions.extend(names);
    }
    set("dimensions", "group_by", Value::Array(dimensions));
    set_filters(&text, &mut set)?;
    for (member, parameter) in [("goal", "goal"), ("order_by", "order_by")] {
        if let Some(text) = text(parameter) {
            set(member, parameter, parsed(text, parameter)?);
        }
    }
    if let Some(text) = text("compare") {
        set("compare", "compare", if text.starts_with('[') { parsed(text, "compare")? } else { text.into() });
    }
    let bots = match text("bots") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(place("bots").fault("must be true or false")),
    };
    let mut include = json!({ "bots": bots });
    if let Some(Value::Array(names)) = text("include").map(list) {
        for name in names {
            include[name.as_str().unwrap_or_default()] = true.into();
        }
    }
    set("include", "include", include);
    if let Some(text) = text("limit") {
        set("limit", "limit", text.parse::<u64>().map_or(Value::Null, Value::from));
        if text.parse::<u64>().is_err() {
            return Err(place("limit").fault("must be a whole number from 1 to 10000"));
        }
    }
    read(&members, world)
}

fn period<'a>(text: &impl Fn(&str) -> Option<&'a str>) -> Result<Option<(Period, Path<'static>)>, Fault> {
    // A date here is the instant at which it begins: `to` is not included (contract, "Endpoints").
    let edge = |name: &str| {
        text(name).map(|value| Edge::parse(value).ok_or_else(|| place(name).fault(Edge::FORM))).transpose()
    };
    match (text("date_range"), edge("from")?, edge("to")?) {
        (Some(word), None, None) => {
            let path = place("date_range");
            Ok(Some((Period::read(&word.into(), &path)?, path)))
        }
        (Some(_), ..) => Err(place("date_range").fault("must stand alone, without from and to")),
        (None, from, to) => Ok(Some((Period::Since(from, to), place("from")))),
    }
}

fn set_filters<'a>(
    text: &impl Fn(&str) -> Option<&'a str>,
    set: &mut impl FnMut(&'static str, &str, Value),
) -> Result<(), Fault> {
    let mut filters = match text("filters") {
        None => Vec::new(),
        Some(text) => match parsed(text, "filters")? {
            Value::Array(filters) => filters,
            _ => return Err(place("filters").fault("must be a list of conditions as JSON")),
        },
    };
    if let Some(event) = text("event") {
        if event.is_empty() || event.chars().count() > 128 {
            return Err(place("event").fault("must have 1 to 128 characters"));
        }
        filters.push(json!(["is", "event", [event]]));
    }
    set("filters", "filters", Value::Array(filters));
    Ok(())
}

fn parsed(text: &str, name: &str) -> Result<Value, Fault> {
    let value = (text.len() <= MAX_JSON).then(|| serde_json::from_str(text).ok()).flatten();
    value.ok_or_else(|| place(name).fault(format!("must be JSON of at most {MAX_JSON} bytes")))
}

fn list(text: &str) -> Value {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests;
