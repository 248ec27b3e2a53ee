//! The report match: pairs of events that share a value, each trigger with the first result after it
//! (`docs/journeys-and-pairs.md`). The report is called `match`, which is a keyword in Rust.

mod build;
mod shape;

use serde_json::Value;

pub use build::{build, left_out};
pub use shape::MatchAnswer;

use super::dimension::{Column, Dimension};
use super::fault::{Fault, Path};
use super::filter::Filter;
use super::frame::{Frame, members};
use super::member::{Breakdown, Condition, Member, Members as _, question};
use super::report::{Found, Report};
use super::window::{Window, seven_days};
use super::world::World;
use statement::{Range, Scope, Statement};

/// A parsed question for a match.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// Period, filters, and the breakdown, which reads the trigger.
    pub frame: Frame,
    /// The condition of triggers.
    pub trigger: Filter,
    /// The condition of results.
    pub result: Filter,
    /// What trigger and result must share.
    pub on: Shared,
    /// Longest time from a trigger to its result, inclusive, in milliseconds.
    pub window: i64,
    /// Breakdown of the results by this column or property.
    pub result_by: Option<Dimension>,
}

/// What two events share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shared {
    /// The person, on any device.
    Person,
    /// The `user_id` of the events.
    User,
    /// A property.
    Property(Dimension),
}

question! {
    /// Each trigger with the first result after it that shares a value.
    pub struct MatchQuestion in people {
        /// What a trigger is: a condition on single events.
        #[cfg_attr(feature = "documented", schemars(required))]
        trigger: Condition,
        /// What a result is: a condition on single events.
        #[cfg_attr(feature = "documented", schemars(required))]
        result: Condition,
        /// What trigger and result must share; `person` by default.
        on: Shared,
        /// How long after its trigger a result may come.
        window: Window,
        /// A column or property of the results to break them down by.
        result_by: Breakdown,
        /// A column or property of the triggers to break the answer down by.
        breakdown: Breakdown,
    }
}

impl Member for Shared {
    fn read(value: &Value, path: &Path<'_>, _: World<'_>) -> Result<Self, Fault> {
        let fault = || path.fault("must be person, user_id or prop:KEY, such as prop:message_id");
        match value.as_str().ok_or_else(fault)? {
            "person" => Ok(Self::Person),
            name => match Dimension::parse(name) {
                Ok(Dimension::Column(Column::UserId)) => Ok(Self::User),
                Ok(property @ Dimension::Property(_)) => Ok(Self::Property(property)),
                Err(message) if name.starts_with("prop:") => Err(path.fault(message)),
                _ => Err(fault()),
            },
        }
    }
}

impl Report for Match {
    type Answer = MatchAnswer;

    fn project(&self) -> Option<&str> {
        self.frame.project.as_deref()
    }

    fn statements(&mut self, scope: &Scope<'_>, _: &[Found]) -> Result<Vec<Statement>, String> {
        Ok(vec![build(self, scope), left_out(self, scope)])
    }

    fn answer(&self, _: &Scope<'_>, found: &[Found], elapsed_ms: i64) -> Result<MatchAnswer, String> {
        shape::answer(self, found, elapsed_ms)
    }
}

impl Match {
    /// Parses a question from a JSON body.
    ///
    /// # Errors
    /// What is wrong, with its path and what is allowed.
    pub fn from_json(body: &Value, world: World<'_>) -> Result<Self, Fault> {
        let members = members(body, MatchQuestion::MEMBERS)?;
        let asked = MatchQuestion::of(members, world)?;
        let required = |condition: Option<Condition>, name: &str| {
            let missing = "is missing: a condition such as [\"is\",\"event\",[\"signup\"]]";
            condition.map(|condition| condition.0).ok_or_else(|| members.member(name).1.fault(missing))
        };
        let window = asked.window.map_or_else(seven_days, |window| window.0);
        Ok(Self {
            frame: Frame::of(members, (asked.filters, asked.include, asked.breakdown), world, window)?,
            trigger: required(asked.trigger, "trigger")?,
            result: required(asked.result, "result")?,
            on: asked.on.unwrap_or(Shared::Person),
            window,
            result_by: asked.result_by.map(|breakdown| breakdown.0),
        })
    }

    /// The period of triggers and results: the question's, extended by the window.
    fn whole(&self) -> Range {
        let Range { from, to } = self.frame.range;
        Range { from, to: to.plus(self.window) }
    }
}

#[cfg(test)]
mod tests;
