//! The report funnel: how many persons or sessions reach each step, and in what time (`docs/funnels-and-retention.md`).

mod build;
mod shape;

use serde_json::Value;

pub use super::people::By;
pub use shape::{FunnelAnswer, FunnelStep};

use super::dimension::{Column, Dimension};
use super::fault::{Fault, Path};
use super::filter::{self, Filter, Test};
use super::frame::{Frame, members};
use super::member::{Breakdown, Member, question, words};
use super::report::{Found, Report};
use super::window::{Window, seven_days};
use super::world::World;
use statement::{Scope, Statement};

/// Fewest steps of a funnel.
pub const MIN_STEPS: usize = 2;
/// Most steps of a funnel.
pub const MAX_STEPS: usize = 10;
/// Maximum number of sets of steps that can match the same events, in any order. Six steps that all overlap have 63
/// sets.
const MAX_SETS: usize = 64;

/// A parsed question for a funnel.
#[derive(Debug, Clone, PartialEq)]
pub struct Funnel {
    /// Period, filters and breakdown.
    pub frame: Frame,
    /// The condition of each step, 2 to 10.
    pub steps: Vec<Filter>,
    /// Longest time from the first event to the last, inclusive, in milliseconds.
    pub window: i64,
    /// How steps must follow each other.
    pub order: Order,
    /// Who takes the steps.
    pub by: By,
}

words! {
    /// How steps must follow each other.
    pub enum Order {
        /// Each step after the one before, by (timestamp, `event_id`).
        Strict = "strict",
        /// In any order.
        Any = "any",
    }
}

question! {
    /// How many persons or sessions reach each step.
    pub struct FunnelQuestion in people {
        /// Conditions on single events, one for each step.
        #[cfg_attr(feature = "documented", schemars(required))]
        steps: Steps,
        /// How long after the first event the last one may come.
        window: Window,
        /// `strict` (the default): each step after the one before. `any`: in any order.
        order: Order,
        /// Who takes the steps; `person` by default.
        by: By,
        /// A column or property of the first step's event to break the answer down by.
        breakdown: Breakdown,
    }
}

/// The steps of a funnel.
#[derive(Debug)]
pub struct Steps(Vec<Filter>);

impl Member for Steps {
    fn read(value: &Value, path: &Path<'_>, world: World<'_>) -> Result<Self, Fault> {
        let items = value.as_array().filter(|items| (MIN_STEPS..=MAX_STEPS).contains(&items.len()));
        let items = items.ok_or_else(|| path.fault(steps_form()))?;
        let step = |(index, item)| filter::read_event(item, &path.index(index), world.segments);
        items.iter().enumerate().map(step).collect::<Result<_, _>>().map(Self)
    }
}

fn steps_form() -> String {
    format!("must be a list of {MIN_STEPS} to {MAX_STEPS} conditions such as [\"is\",\"event\",[\"signup\"]]")
}

impl Report for Funnel {
    type Answer = FunnelAnswer;

    fn project(&self) -> Option<&str> {
        self.frame.project.as_deref()
    }

    fn statements(&mut self, scope: &Scope<'_>, _: &[Found]) -> Result<Vec<Statement>, String> {
        Ok(vec![build::build(self, scope)])
    }

    fn answer(&self, _: &Scope<'_>, found: &[Found], elapsed_ms: i64) -> Result<FunnelAnswer, String> {
        shape::answer(self, found, elapsed_ms)
    }
}

impl Funnel {
    /// Parses a funnel from a JSON body.
    ///
    /// # Errors
    /// What is wrong, with its path and what is allowed.
    pub fn from_json(body: &Value, world: World<'_>) -> Result<Self, Fault> {
        let members = members(body, FunnelQuestion::MEMBERS)?;
        let asked = FunnelQuestion::of(members, world)?;
        let steps = asked.steps.ok_or_else(|| Path::new("").member("steps").fault(steps_form()))?.0;
        let (order, by) = (asked.order.unwrap_or(Order::Strict), asked.by.unwrap_or(By::Person));
        let window = asked.window.map_or_else(seven_days, |window| window.0);
        let frame = Frame::of(members, (asked.filters, asked.include, asked.breakdown), world, 0)?;
        let funnel = Self { frame, steps, window, order, by };
        if order == Order::Any && funnel.sets().len() > MAX_SETS {
            let message = "too many steps can match the same event: with order any at most six; name the event of \
                           each step with [\"is\",\"event\",[…]], or use order strict";
            return Err(Path::new("").member("steps").fault(message));
        }
        Ok(funnel)
    }

    /// The sets of steps, as bits, that decide whether each step has an event of its own. By Hall's theorem, that is
    /// the case if every set of steps has at least as many matching events as steps. A set that splits into parts
    /// without a common event adds nothing.
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

/// The only event names that can match, if the filter names them.
fn event_names(filter: &Filter) -> Option<&[String]> {
    match filter {
        Filter::Text(Dimension::Column(Column::Event), Test::Is, names) => Some(names),
        Filter::And(list) => list.iter().find_map(event_names),
        // In the first pass, a segment is not looked up yet.
        Filter::Or(none) if none.is_empty() => Some(&[]),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
