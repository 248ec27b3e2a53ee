//! Pairs of events that share a value: each trigger, and the first result after it (`docs/journeys-and-pairs.md`).

mod build;
mod shape;

use serde_json::{Map, Value};

pub use build::{build, left_out};
pub use shape::answer;

use super::dimension::{Column, Dimension};
use super::fault::Fault;
use super::filter::{self, Filter};
use super::frame::{self, Frame};
use super::read::{Members as _, World};
use super::window::window;
use statement::Range;

/// Members of a question about pairs besides those of every question.
const MEMBERS: &[&str] = &["trigger", "result", "on", "window", "result_by", "breakdown"];

/// A question about what follows what.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// Which events; the breakdown is of the trigger.
    pub frame: Frame,
    /// What a trigger is.
    pub trigger: Filter,
    /// What a result is.
    pub result: Filter,
    /// What both must share.
    pub on: Shared,
    /// How long after its trigger a result may come, in milliseconds, itself included.
    pub window: i64,
    /// Results told apart by this column or property of theirs.
    pub result_by: Option<Dimension>,
}

/// What two events share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shared {
    /// Whose they are, on whatever device.
    Person,
    /// The `user_id` they came with.
    User,
    /// A property.
    Property(Dimension),
}

impl Pairs {
    /// Reads a question from a JSON body.
    ///
    /// # Errors
    /// What is wrong, with its path and what is allowed.
    pub fn from_json(body: &Value, world: World<'_>) -> Result<Self, Fault> {
        let members = frame::members(body)?;
        let window = window(members)?;
        let frame = Frame::read(members, MEMBERS, world, window)?;
        let event = |name: &str| {
            let (value, path) = members.member(name);
            let missing = || path.fault("is missing: a condition such as [\"is\",\"event\",[\"signup\"]]");
            filter::read_event(value.ok_or_else(missing)?, &path, world.segments)
        };
        let (trigger, result, on) = (event("trigger")?, event("result")?, shared(members)?);
        let (value, path) = members.member("result_by");
        let result_by = value.map(|value| frame::breakdown(value, &path)).transpose()?;
        Ok(Self { frame, trigger, result, on, window, result_by })
    }

    /// The time in which triggers and results lie.
    fn whole(&self) -> Range {
        let Range { from, to } = self.frame.range;
        Range { from, to: to.plus(self.window) }
    }
}

fn shared(members: &Map<String, Value>) -> Result<Shared, Fault> {
    let (value, path) = members.member("on");
    let Some(value) = value else { return Ok(Shared::Person) };
    let fault = || path.fault("must be person, user_id or prop:KEY");
    match value.as_str().ok_or_else(fault)? {
        "person" => Ok(Shared::Person),
        name => match Dimension::parse(name) {
            Ok(Dimension::Column(Column::UserId)) => Ok(Shared::User),
            Ok(property @ Dimension::Property(_)) => Ok(Shared::Property(property)),
            Err(message) if name.starts_with("prop:") => Err(path.fault(message)),
            _ => Err(fault()),
        },
    }
}

/// The members of a question about pairs, in no order.
pub fn members() -> impl Iterator<Item = &'static str> {
    MEMBERS.iter().chain(frame::MEMBERS).copied()
}

#[cfg(test)]
mod tests;
