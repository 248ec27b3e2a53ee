//! The report journeys: steps after or before a start (`docs/journeys-and-pairs.md`).

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
use super::report::{Found, Report};
use super::world::World;
use statement::{Scope, Statement};

/// Maximum number of steps from the start.
pub const MAX_STEPS: u32 = 5;
/// Default number of steps.
pub const DEFAULT_STEPS: u32 = 3;
/// Maximum number of names per step.
pub const MAX_NODES: u32 = 50;
/// Default number of names per step.
pub const DEFAULT_NODES: u32 = 10;

/// A parsed question for journeys.
#[derive(Debug, Clone, PartialEq)]
pub struct Journeys {
    /// Period and filters.
    pub frame: Frame,
    /// The condition of the start. Without it, the first event (backwards, the last one) is the start.
    pub start: Option<Filter>,
    /// Whether to follow what comes after the start or before it.
    pub direction: Direction,
    /// How many steps from the start, 1 to 5.
    pub steps: u32,
    /// What a step is.
    pub unit: Unit,
    /// Whether persons or sessions are followed.
    pub by: By,
    /// Maximum number of names per step, 1 to 50.
    pub limit: u32,
}

words! {
    /// Direction from the start.
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
    /// Where persons or sessions go from a page or an event, or where they came from, step by step.
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
