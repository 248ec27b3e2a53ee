//! Journeys: where people go from a start, or where they came from, step by step (`docs/journeys-and-pairs.md`).

mod build;
mod shape;

use serde_json::Value;

pub use build::{build, left_out};
pub use shape::{JourneysAnswer, JourneysStep};

use super::fault::Fault;
use super::filter::Filter;
use super::frame::{Frame, members};
use super::member::{Condition, Whole, question, words};
use super::people::By;
use super::read::World;
use super::report::{Found, Report};
use statement::{Scope, Statement};

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

words! {
    /// Which way journeys are followed.
    pub enum Direction {
        /// What comes after the start.
        Next = "next",
        /// What comes before the start.
        Previous = "previous",
    }
}

words! {
    /// What a step is.
    pub enum Unit {
        /// A pageview, by its path.
        Path = "path",
        /// An event, by its name. `$identify` is not a step.
        Event = "event",
    }
}

question! {
    /// Where people go from a page or an event, or came from, step by step.
    pub struct JourneysQuestion in people {
        /// A condition on single events. Journeys begin at each one's first event that matches; by default at the
        /// first event (or, backwards, at the last one).
        start: Condition,
        /// `next` (the default): what comes after the start. `previous`: what comes before it.
        direction: Direction,
        /// How many steps from the start.
        #[cfg_attr(feature = "documented", schemars(extend("default" = DEFAULT_STEPS)))]
        steps: Whole<MAX_STEPS>,
        /// What a step is: a pageview, by its path (the default), or an event, by its name.
        unit: Unit,
        /// Whose journeys; `session` by default.
        by: By,
        /// Most names per step; the rest is `other`.
        #[cfg_attr(feature = "documented", schemars(extend("default" = DEFAULT_NODES)))]
        limit: Whole<MAX_NODES>,
    }
}

impl Report for Journeys {
    type Answer = JourneysAnswer;

    fn project(&self) -> Option<&str> {
        self.frame.project.as_deref()
    }

    fn statements(&mut self, scope: &Scope<'_>, _: &[Found]) -> Result<Vec<Statement>, String> {
        let mut statements = vec![build(self, scope)];
        if self.by == By::Person {
            statements.push(left_out(self, scope));
        }
        Ok(statements)
    }

    fn answer(&self, _: &Scope<'_>, found: &[Found], elapsed_ms: i64) -> Result<JourneysAnswer, String> {
        shape::answer(self, found, elapsed_ms)
    }
}

impl Journeys {
    /// Parses a question from a JSON body.
    ///
    /// # Errors
    /// What is wrong, with its path and what is allowed.
    pub fn from_json(body: &Value, world: World<'_>) -> Result<Self, Fault> {
        let members = members(body, JourneysQuestion::MEMBERS)?;
        let asked = JourneysQuestion::of(members, world)?;
        Ok(Self {
            frame: Frame::of(members, (asked.filters, asked.include, None), world, 0)?,
            start: asked.start.map(|start| start.0),
            direction: asked.direction.unwrap_or(Direction::Next),
            steps: asked.steps.map_or(DEFAULT_STEPS, |steps| steps.0),
            unit: asked.unit.unwrap_or(Unit::Path),
            by: asked.by.unwrap_or(By::Session),
            limit: asked.limit.map_or(DEFAULT_NODES, |limit| limit.0),
        })
    }
}

#[cfg(test)]
mod tests;
