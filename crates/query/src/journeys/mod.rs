//! Journeys: where people go from a start, or where they came from, step by step (`docs/journeys-and-pairs.md`).

mod build;
mod shape;

use serde_json::{Value, json};

pub use build::{build, left_out};
pub use shape::answer;

use super::fault::Fault;
use super::filter::{self, Filter};
use super::frame::{self, Frame, word};
use super::people::By;
use super::read::{Members as _, World, whole};

/// Members of a question about journeys besides those of every question.
const MEMBERS: &[&str] = &["start", "direction", "steps", "unit", "by", "limit"];
/// Most steps from the start.
pub const MAX_STEPS: u32 = 5;
/// Steps where none are named.
pub const DEFAULT_STEPS: u32 = 3;
/// Most nodes of a step that have a name.
pub const MAX_NODES: u32 = 50;
/// Nodes of a step where their number is not said.
pub const DEFAULT_NODES: u32 = 10;

/// A question about ways.
#[derive(Debug, Clone, PartialEq)]
pub struct Journeys {
    /// Which events.
    pub frame: Frame,
    /// Where they begin; where it is missing, at the first event (or the last one, backwards).
    pub start: Option<Filter>,
    /// Which way they are followed.
    pub direction: Direction,
    /// How many steps from the start, 1 to 5.
    pub steps: u32,
    /// What a step is.
    pub unit: Unit,
    /// Whose ways they are.
    pub by: By,
    /// How many nodes of each step are told by name, 1 to 50.
    pub limit: u32,
}

/// Which way journeys are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// What comes after the start.
    Next,
    /// What comes before it.
    Previous,
}

/// What a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A pageview, by its path.
    Path,
    /// An event, by its name; `$identify` is none.
    Event,
}

const DIRECTIONS: &[(&str, Direction)] = &[("next", Direction::Next), ("previous", Direction::Previous)];
const UNITS: &[(&str, Unit)] = &[("path", Unit::Path), ("event", Unit::Event)];
const BYS: &[(&str, By)] = &[("session", By::Session), ("person", By::Person)];

impl Journeys {
    /// Reads a question from a JSON body.
    ///
    /// # Errors
    /// What is wrong, with its path and what is allowed.
    pub fn from_json(body: &Value, world: World<'_>) -> Result<Self, Fault> {
        let members = frame::members(body)?;
        let frame = Frame::read(members, MEMBERS, world, 0)?;
        let (value, path) = members.member("start");
        let start = value.map(|value| filter::read_event(value, &path, world.segments)).transpose()?;
        let number = |name: &str, max: u32, default: u32| {
            let (value, path) = members.member(name);
            value.map_or(Ok(default), |value| whole(value, max, &path))
        };
        Ok(Self {
            frame,
            start,
            direction: word(members, "direction", DIRECTIONS, Direction::Next)?,
            steps: number("steps", MAX_STEPS, DEFAULT_STEPS)?,
            unit: word(members, "unit", UNITS, Unit::Path)?,
            by: word(members, "by", BYS, By::Session)?,
            limit: number("limit", MAX_NODES, DEFAULT_NODES)?,
        })
    }

    /// What an answer repeats of the question.
    fn told(&self) -> Value {
        fn name<T: PartialEq>(words: &[(&'static str, T)], wanted: &T) -> &'static str {
            words.iter().find(|(_, meant)| meant == wanted).map_or("", |(word, _)| word)
        }
        json!({
            "from": self.frame.range.from.to_iso(), "to": self.frame.range.to.to_iso(),
            "timezone": self.frame.zone.name, "direction": name(DIRECTIONS, &self.direction),
            "unit": name(UNITS, &self.unit), "by": name(BYS, &self.by),
        })
    }
}

/// The members of a question about journeys, in no order.
pub fn members() -> impl Iterator<Item = &'static str> {
    MEMBERS.iter().chain(frame::MEMBERS).copied()
}

#[cfg(test)]
mod tests;
