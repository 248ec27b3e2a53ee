//! What questions about people over time have in common: a period, a zone, conditions, one breakdown.

use serde_json::{Map, Value};

use super::dimension::Dimension;
use super::fault::{Fault, Path};
use super::filter::{self, Filter};
use super::metric::Level;
use super::people::Chosen;
use super::read::{Members as _, World, known, periods, project};
use super::zone::Zone;
use intake::error::ErrorCode;
use intake::time::Day;
use statement::Range;
use statement::Scope;

/// Members of every such question.
pub(super) const MEMBERS: &[&str] = &["project", "date_range", "timezone", "filters", "include"];

/// Which events, of which period, told apart by what.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Slug or id of the project, which account keys name and others may not.
    pub project: Option<String>,
    /// The period.
    pub range: Range,
    /// In whose days time is told.
    pub zone: Zone,
    /// What counts; an empty `And` is everything.
    pub filter: Filter,
    /// Count what bots do as well.
    pub bots: bool,
    /// Told apart by this column or property of the first event of each.
    pub breakdown: Option<Dimension>,
}

impl Frame {
    /// Reads the members of a body that is an object of these and of `own`, `breakdown` perhaps among them.
    ///
    /// # Errors
    /// What is wrong, with its path and what is allowed.
    pub(super) fn read(
        members: &Map<String, Value>,
        own: &[&str],
        world: World<'_>,
        ahead: i64,
    ) -> Result<Self, Fault> {
        let allowed = [own, MEMBERS].concat();
        known(members, &allowed, &Path::new(""))?;
        let (zone, range, _) = periods(members, world, ahead)?;
        let (value, path) = members.member("filters");
        let filter =
            value.map_or(Ok(Filter::And(Vec::new())), |value| filter::read_all(value, &path, world.segments))?;
        if !filter.is_known_to(Level::Event) {
            return Err(path.fault("must be about events; entry_path and exit_path are of sessions"));
        }
        let (value, path) = members.member("include");
        let bots = value.map_or(Ok(false), |value| bots(value, &path))?;
        let (value, path) = members.member("breakdown");
        let breakdown = value.map(|value| breakdown(value, &path)).transpose()?;
        Ok(Self { project: project(members)?, range, zone, filter, bots, breakdown })
    }

    /// Where the events lie of the sessions that start in the period: a session is told by the events of the day
    /// before its start, and counts those of the day after.
    pub(super) fn around(&self) -> Range {
        let Range { from, to } = self.range;
        Range { from: Day(from.day().0 - 1).start(), to: Day(to.plus(-1).day().0 + 2).start() }
    }

    /// The events of the period.
    pub(super) fn chosen<'a>(&self, scope: &'a Scope<'a>) -> Chosen<'a> {
        Chosen { scope, range: self.range, bots: self.bots }
    }
}

/// The body as an object.
pub(super) fn members(body: &Value) -> Result<&Map<String, Value>, Fault> {
    body.as_object().ok_or_else(|| Path::new("").fault("must be a JSON object"))
}

/// One of a few words; the first where none is named.
pub(super) fn word<T: Copy>(
    members: &Map<String, Value>,
    name: &str,
    words: &[(&'static str, T)],
    default: T,
) -> Result<T, Fault> {
    let (value, path) = members.member(name);
    let Some(value) = value else { return Ok(default) };
    let found = words.iter().find(|(word, _)| value.as_str() == Some(word));
    found.map(|(_, meant)| *meant).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        path.fault(format!("must be of {}", words.join(", ")))
    })
}

fn bots(value: &Value, path: &Path<'_>) -> Result<bool, Fault> {
    let members = value.as_object().ok_or_else(|| path.fault("must be an object of true and false"))?;
    known(members, &["bots"], path)?;
    flag(members, "bots", path)
}

/// True or false; false where it is missing.
pub(super) fn flag(members: &Map<String, Value>, name: &str, path: &Path<'_>) -> Result<bool, Fault> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(wanted)) => Ok(*wanted),
        Some(_) => Err(path.member(name).fault("must be true or false")),
    }
}

/// A column or property of events.
pub(super) fn breakdown(value: &Value, path: &Path<'_>) -> Result<Dimension, Fault> {
    let refuse = |message: String| path.fault(message).code(ErrorCode::InvalidGroupBy);
    let name = value.as_str().ok_or_else(|| refuse(super::dimension::allowed()))?;
    match Dimension::parse(name).map_err(refuse)? {
        Dimension::Time(_) => Err(refuse("must be a column or a property, not time".to_owned())),
        dimension if !dimension.is_known_to(Level::Event) => Err(refuse(format!("events have no {}", dimension.key()))),
        dimension => Ok(dimension),
    }
}
