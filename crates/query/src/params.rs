//! The question of `/v1/stats` as query parameters: `metric=visitors,events&group_by=source&from=2026-10-01`. Each
//! parameter becomes a member of the JSON question, which is then parsed as usual.

use serde_json::{Value, json};

use super::dimension::Interval;
use super::fault::Fault;
use super::given::{Given, Parameters, parsed, place};
use super::model::{MAX_LIMIT, Query};
use super::nearest::unknown;
use super::read::read;
use super::world::World;

/// Allowed parameters.
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

/// Parses a query string.
///
/// # Errors
/// The parameter that is invalid, unknown or repeated, and what is allowed.
pub fn from_parameters(query: &str, world: World<'_>) -> Result<Query, Fault> {
    let given = Given::read(query, KNOWN)?;
    let mut members = Parameters::about_events(&given, MAX_LIMIT)?;
    if let Some(metric) = given.text("metric") {
        members.set("metrics", "metric", list(metric));
    }
    let mut dimensions: Vec<Value> = Vec::new();
    if let Some(interval) = given.text("interval") {
        if Interval::parse(interval).is_none() {
            let names = Interval::ALL.iter().map(|one| one.as_str());
            return Err(place("interval").fault(unknown(&interval.into(), names)));
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
