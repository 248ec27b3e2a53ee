//! Funnels: how many go from step to step, in what time (`docs/funnels-and-retention.md`).

mod build;
mod shape;

use serde_json::{Map, Value};

pub use super::people::By;
pub use build::build;
pub use shape::answer;

use super::dimension::{Column, Dimension};
use super::fault::{Fault, Path};
use super::filter::{self, Filter, Test};
use super::frame::{self, Frame, word};
use super::read::{Members as _, World};
use super::segment::Segments;
use super::window::window;

/// Members of a funnel besides those of every question.
const MEMBERS: &[&str] = &["steps", "window", "order", "by", "breakdown"];
const MIN_STEPS: usize = 2;
const MAX_STEPS: usize = 10;
/// Most sets of steps that may fit the same events, in any order: six steps that all overlap have 63.
const MAX_SETS: usize = 64;

/// A question about steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Funnel {
    /// Which events.
    pub frame: Frame,
    /// What each step is, 2 to 10.
    pub steps: Vec<Filter>,
    /// How long after the first event the last may come, in milliseconds, itself included.
    pub window: i64,
    /// How steps must follow each other.
    pub order: Order,
    /// Who takes the steps.
    pub by: By,
}

/// How steps must follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Each after the one before, by (timestamp, `event_id`).
    Strict,
    /// However they come.
    Any,
}

impl Funnel {
    /// Reads a funnel from a JSON body.
    ///
    /// # Errors
    /// What is wrong, with its path and what is allowed.
    pub fn from_json(body: &Value, world: World<'_>) -> Result<Self, Fault> {
        let members = frame::members(body)?;
        let frame = Frame::read(members, MEMBERS, world, 0)?;
        let order = word(members, "order", &[("strict", Order::Strict), ("any", Order::Any)], Order::Strict)?;
        let by = word(members, "by", &[("person", By::Person), ("session", By::Session)], By::Person)?;
        let funnel = Self { frame, steps: steps(members, world.segments)?, window: window(members)?, order, by };
        if order == Order::Any && funnel.sets().len() > MAX_SETS {
            let message = "too many steps may fit the same events, in any order six at most; tell them apart by \
                           [\"is\",\"event\",…], or ask for the strict order";
            return Err(Path::new("").member("steps").fault(message));
        }
        Ok(funnel)
    }

    /// The sets of steps, as bits, that have to be looked at for whether each step has an event of its own (Hall's
    /// theorem: a choice exists where any set of steps has as many events that fit one of it). A set that falls
    /// into parts without a common event says nothing new.
    fn sets(&self) -> Vec<u16> {
        let names: Vec<Option<&[String]>> = self.steps.iter().map(event_names).collect();
        let overlap = |a: usize, b: usize| match (names.get(a).copied().flatten(), names.get(b).copied().flatten()) {
            (Some(a), Some(b)) => a.iter().any(|name| b.contains(name)),
            _ => true,
        };
        let steps = self.steps.len();
        let has = |set: u16, step: usize| set >> step & 1 == 1;
        let is_connected = |set: &u16| {
            let mut reached = *set & set.wrapping_neg();
            loop {
                let more = (0..steps).filter(|step| {
                    has(*set, *step) && (0..steps).any(|other| has(reached, other) && overlap(other, *step))
                });
                let grown = more.fold(reached, |grown, step| grown | 1 << step);
                if grown == reached {
                    break reached == *set;
                }
                reached = grown;
            }
        };
        (1..1_u16 << steps).filter(is_connected).collect()
    }
}

/// The names of events that alone can fit, where the filter says them.
fn event_names(filter: &Filter) -> Option<&[String]> {
    match filter {
        Filter::Text(Dimension::Column(Column::Event), Test::Is, names) => Some(names),
        Filter::And(list) => list.iter().find_map(event_names),
        // A segment that is not looked up yet.
        Filter::Or(none) if none.is_empty() => Some(&[]),
        _ => None,
    }
}

fn steps(members: &Map<String, Value>, segments: Segments<'_>) -> Result<Vec<Filter>, Fault> {
    let (value, path) = members.member("steps");
    let items = value.and_then(Value::as_array).filter(|items| (MIN_STEPS..=MAX_STEPS).contains(&items.len()));
    let items = items.ok_or_else(|| {
        path.fault(format!(
            "must be a list of {MIN_STEPS} to {MAX_STEPS} conditions such as [\"is\",\"event\",[\"signup\"]]"
        ))
    })?;
    items.iter().enumerate().map(|(index, item)| filter::read_event(item, &path.index(index), segments)).collect()
}

/// A funnel's members, in no order.
pub fn members() -> impl Iterator<Item = &'static str> {
    MEMBERS.iter().chain(frame::MEMBERS).copied()
}

#[cfg(test)]
mod tests;
