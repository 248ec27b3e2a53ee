//! The common question as query parameters: `metric=visitors,events&group_by=source&from=2026-10-01`. Each is
//! made the member of the body it stands for, and read as that.

use serde_json::{Value, json};

use super::fault::Fault;
use super::given::{Given, Parameters, parsed, place};
use super::model::{MAX_LIMIT, Query};
use super::read::{World, read};

/// Parameters that are taken.
pub const KNOWN: &[&str] = &[
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

/// Reads a query string.
///
/// # Errors
/// The parameter at fault and what it takes. One that is unknown or stands twice is an error too.
pub fn from_parameters(query: &str, world: World<'_>) -> Result<Query, Fault> {
    let given = Given::read(query, KNOWN)?;
    let mut members = Parameters::about_events(&given, MAX_LIMIT)?;
    if let Some(metric) = given.text("metric") {
        members.set("metrics", "metric", list(metric));
    }
    let mut dimensions: Vec<Value> = Vec::new();
    if let Some(interval) = given.text("interval") {
        let known = super::Interval::ALL.iter().any(|one| one.as_str() == interval);
        if !known {
            let names: Vec<&str> = super::Interval::ALL.iter().map(|one| one.as_str()).collect();
            return Err(place("interval").fault(format!("must be one of {}", names.join(", "))));
        }
        dimensions.push(format!("time:{interval}").into());
    }
    if let Some(Value::Array(names)) = given.text("group_by").map(list) {
        dimensions.extend(names);
    }
    members.set("dimensions", "group_by", Value::Array(dimensions));
    for name in ["goal", "order_by"] {
        if let Some(value) = given.json(name)? {
            members.set(name, name, value);
        }
    }
    if let Some(text) = given.text("compare") {
        members.set("compare", "compare", if text.starts_with('[') { parsed(text, "compare")? } else { text.into() });
    }
    if let Some(Value::Array(names)) = given.text("include").map(list) {
        let mut include = json!({ "bots": given.flag("bots")? });
        for name in names {
            include[name.as_str().unwrap_or_default()] = true.into();
        }
        members.set("include", "include", include);
    }
    read(&members, world)
}

fn list(text: &str) -> Value {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests;
