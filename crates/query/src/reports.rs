//! The table of reports. REST routes, MCP tools and the generated documents come from it.

use serde_json::Value;

use crate::events::{EventPage, Events, EventsQuestion};
use crate::fault::Fault;
use crate::funnel::{Funnel, FunnelAnswer, FunnelQuestion};
use crate::in_use::{InUse, Schema};
use crate::journeys::{Journeys, JourneysAnswer, JourneysQuestion};
use crate::matching::{Match, MatchAnswer, MatchQuestion};
use crate::params::from_parameters;
use crate::read::{StatsQuestion, from_json};
use crate::realtime::{Realtime, RealtimeAnswer};
use crate::report::{Asked, Report};
use crate::retention::{Retention, RetentionAnswer, RetentionQuestion};
use crate::shape::StatsAnswer;
use crate::sources::sources;
use crate::stats::Stats;
use crate::world::World;

/// A parsed question of some kind.
pub type Question = Box<dyn Asked>;

/// Parses the text or JSON value of a question.
pub type Parser<T> = fn(&T, World<'_>) -> Result<Question, Fault>;

/// One kind of report: the parsers of its questions and, for the documents, its schemas.
pub struct Kind {
    /// Its name in paths, tools and operation ids.
    pub name: &'static str,
    /// Parses a JSON body.
    pub json: Option<Parser<Value>>,
    /// Parses a query string.
    pub parameters: Option<Parser<str>>,
    /// Schema of the JSON body.
    #[cfg(feature = "documented")]
    pub question: Option<fn(&mut schemars::SchemaGenerator) -> schemars::Schema>,
    /// Schema of the answer.
    #[cfg(feature = "documented")]
    pub answer: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Kind {}

fn boxed(report: impl Report + 'static) -> Question {
    Box::new(report)
}

/// Declares the kinds and the table of all of them.
macro_rules! reports {
    ($($(#[$doc:meta])* $name:ident = $word:literal: $json:expr, $parameters:expr, [$($question:ty)?], $answer:ty;)*) => {
        $(
            $(#[$doc])*
            pub const $name: &Kind = &Kind {
                name: $word,
                json: $json,
                parameters: $parameters,
                #[cfg(feature = "documented")]
                question: question_schema!($($question)?),
                #[cfg(feature = "documented")]
                answer: schemars::SchemaGenerator::subschema_for::<$answer>,
            };
        )*

        /// All kinds of reports.
        pub const REPORTS: &[&Kind] = &[$($name,)*];

        // Without the feature `documented` nothing else uses these types here.
        const _: fn() = || { $(let _ = std::mem::size_of::<($answer, $(Option<$question>)?)>();)* };
    };
}

#[cfg(feature = "documented")]
macro_rules! question_schema {
    () => {
        None
    };
    ($question:ty) => {
        Some(schemars::SchemaGenerator::subschema_for::<$question>)
    };
}

reports! {
    /// Metrics by dimensions.
    STATS = "stats":
        Some(|body, world| from_json(body, world).map(Stats::of).map(boxed)),
        Some(|query, world| from_parameters(query, world).map(Stats::of).map(boxed)),
        [StatsQuestion], StatsAnswer;
    /// Where visitors come from.
    SOURCES = "sources":
        None,
        Some(|query, world| sources(query, world).map(Stats::of).map(boxed)),
        [], StatsAnswer;
    /// How many persons or sessions reach each step.
    FUNNEL = "funnel":
        Some(|body, world| Funnel::from_json(body, world).map(boxed)), None, [FunnelQuestion], FunnelAnswer;
    /// Who comes back.
    RETENTION = "retention":
        Some(|body, world| Retention::from_json(body, world).map(boxed)), None, [RetentionQuestion], RetentionAnswer;
    /// Steps before or after a start.
    JOURNEYS = "journeys":
        Some(|body, world| Journeys::from_json(body, world).map(boxed)), None, [JourneysQuestion], JourneysAnswer;
    /// Pairs of trigger and result.
    MATCH = "match":
        Some(|body, world| Match::from_json(body, world).map(boxed)), None, [MatchQuestion], MatchAnswer;
    /// Single events.
    EVENTS = "events":
        Some(|body, world| Events::from_json(body, world).map(boxed)),
        Some(|query, world| Events::from_parameters(query, world).map(boxed)),
        [EventsQuestion], EventPage;
    /// The last minutes.
    REALTIME = "realtime":
        None, Some(|query, world| Realtime::from_parameters(query, world).map(boxed)), [], RealtimeAnswer;
    /// Names of events and keys of properties in use.
    SCHEMA = "schema":
        None, Some(|query, world| Schema::from_parameters(query, world).map(boxed)), [], InUse;
}
