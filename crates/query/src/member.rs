//! The members of questions. Each kind of value is a type that parses itself from JSON and, with the feature
//! `documented`, has a JSON Schema ([`crate::documented`]). A question is a struct of such members ([`question!`]).

use serde_json::{Map, Value};

use crate::dimension::{Dimension, unknown_dimension};
use crate::fault::{Fault, Path};
use crate::filter::{self, Filter};
use crate::metric::{Level, Metric};
use crate::nearest::{unknown, unknown_member};
use crate::range::{Compare, Period};
use crate::world::World;
use intake::error::ErrorCode;

/// Maximum number of dimensions of one question.
pub const MAX_DIMENSIONS: usize = 10;
/// Maximum number of metrics of one question.
pub const MAX_METRICS: usize = 20;
/// Maximum length of a cursor. A cursor with the longest event id is shorter.
pub const MAX_CURSOR: usize = 1024;
/// Maximum length of a project's slug or id, in characters.
pub const MAX_PROJECT: usize = 128;
/// Maximum length of a time zone's name, in bytes.
pub const MAX_ZONE: usize = 64;

/// A value of a question.
pub trait Member: Sized {
    /// Parses the value at `path`.
    ///
    /// # Errors
    /// The path, what is wrong there, and what is allowed.
    fn read(value: &Value, path: &Path<'_>, world: World<'_>) -> Result<Self, Fault>;
}

/// Where the members of a question come from: a JSON object, or query parameters.
pub trait Members {
    /// A member's value and its path. `null` counts as absent.
    fn member(&self, name: &str) -> (Option<&Value>, Path<'static>);

    /// The period and its path; by default the last 30 days.
    ///
    /// # Errors
    /// It is not a period.
    fn period(&self) -> Result<(Period, Path<'static>), Fault> {
        let (value, path) = self.member("date_range");
        let period = value.map_or(Ok(Period::Days(30)), |value| Period::parse(value, &path))?;
        Ok((period, path))
    }
}

impl Members for Map<String, Value> {
    fn member(&self, name: &str) -> (Option<&Value>, Path<'static>) {
        (self.get(name).filter(|value| !value.is_null()), Path::new("").member(name))
    }
}

/// Declares a question, or an object within one, as a struct of optional members. From the struct come the allowed
/// names (`MEMBERS`), the parser (`of`) and, with the feature `documented`, the JSON Schema. `in people` adds the
/// members that funnel, retention, journeys and match share.
macro_rules! question {
    ($(#[$meta:meta])* $vis:vis struct $name:ident in people { $($own:tt)* }) => {
        $crate::member::question! {
            $(#[$meta])* $vis struct $name {
                $($own)*
                /// Slug or id of the project: for account keys, and only for them.
                project: $crate::member::Project,
                date_range: $crate::range::Period,
                /// Time zone of the IANA database; by default the project's.
                timezone: $crate::member::ZoneName,
                /// Conditions that every counted event must meet.
                filters: $crate::member::Conditions,
                include: $crate::member::IncludeBots,
            }
        }
    };
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug)]
        #[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(deny_unknown_fields))]
        #[allow(dead_code, missing_docs, reason = "members that questions share are read in one place, `periods`")]
        $vis struct $name { $($(#[$doc])* pub(crate) $field: Option<$kind>,)* }

        impl $name {
            /// The names of its members.
            pub const MEMBERS: &'static [&'static str] = &[$($crate::member::wire(stringify!($field)),)*];

            /// Parses the members.
            ///
            /// # Errors
            /// The first member that cannot be parsed, with its path and what is allowed.
            pub(crate) fn of(
                members: &impl $crate::member::Members,
                world: $crate::world::World<'_>,
            ) -> Result<Self, $crate::fault::Fault> {
                Ok(Self {
                    $($field: {
                        let (value, path) = members.member($crate::member::wire(stringify!($field)));
                        match value {
                            None => None,
                            Some(value) => Some(<$kind as $crate::member::Member>::read(value, &path, world)?),
                        }
                    },)*
                })
            }
        }
    };
}
pub(crate) use question;

/// A field's name in JSON: `r#return` is `return`.
pub(crate) const fn wire(field: &'static str) -> &'static str {
    match field.as_bytes() {
        [b'r', b'#', ..] => field.split_at(2).1,
        _ => field,
    }
}

/// Declares a closed list of words: an enum with names, parser and JSON Schema.
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
        $vis enum $name { $($(#[$doc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Parses its name.
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == name)
            }

            /// Its name in questions and answers.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        #[cfg(feature = "documented")]
        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": [$($word),*] })
            }
        }

        impl $crate::member::Member for $name {
            fn read(
                value: &serde_json::Value,
                path: &$crate::fault::Path<'_>,
                _: $crate::world::World<'_>,
            ) -> Result<Self, $crate::fault::Fault> {
                value.as_str().and_then(Self::parse).ok_or_else(|| {
                    path.fault($crate::nearest::unknown(value, Self::ALL.iter().map(|one| one.as_str())))
                })
            }
        }
    };
}
pub(crate) use words;

/// Slug or id of a project. Only account keys name one; other keys belong to one project.
#[derive(Debug)]
pub struct Project(pub(crate) String);

/// Name of a time zone. `periods` looks it up, and fails if there is no such zone.
#[derive(Debug)]
pub struct ZoneName;

/// At least one metric, without duplicates.
#[derive(Debug)]
pub struct Metrics(pub(crate) Vec<Metric>);

/// Dimensions without duplicates, at most one of them a time axis.
#[derive(Debug)]
pub struct Dimensions(pub(crate) Vec<Dimension>);

/// A column or property of single events, to break an answer down by.
#[derive(Debug)]
pub struct Breakdown(pub(crate) Dimension);

/// Conditions that must all hold.
#[derive(Debug)]
pub struct Conditions(pub(crate) Filter);

/// A condition on single events.
#[derive(Debug)]
pub struct Condition(pub(crate) Filter);

/// `next_cursor` of an answer, not checked yet, and its path in the question.
#[derive(Debug)]
pub struct Cursor(pub(crate) String, pub(crate) String);

/// A whole number from 1 to `MAX`.
#[derive(Debug)]
pub struct Whole<const MAX: u32>(pub(crate) u32);

question! {
    /// What to add to the answer of a question about people.
    pub struct IncludeBots {
        /// Count bots as well.
        bots: bool,
    }
}

impl Member for IncludeBots {
    fn read(value: &Value, path: &Path<'_>, world: World<'_>) -> Result<Self, Fault> {
        Self::of(&Within::open(value, Self::MEMBERS, path)?, world)
    }
}

/// The members of an object within a question.
pub(crate) struct Within<'a> {
    members: &'a Map<String, Value>,
    path: &'a Path<'a>,
}

impl<'a> Within<'a> {
    /// Opens an object that has no other members than `allowed`.
    pub(crate) fn open(value: &'a Value, allowed: &[&str], path: &'a Path<'a>) -> Result<Self, Fault> {
        let members = value.as_object().ok_or_else(|| path.fault("must be an object such as {\"bots\":true}"))?;
        known(members, allowed, path)?;
        Ok(Self { members, path })
    }
}

/// Checks that an object has no other members than these.
pub(crate) fn known(members: &Map<String, Value>, allowed: &[&str], path: &Path<'_>) -> Result<(), Fault> {
    match members.keys().find(|name| !allowed.contains(&name.as_str())) {
        Some(name) => Err(path.member(name).fault(unknown_member(name, allowed))),
        None => Ok(()),
    }
}

impl Members for Within<'_> {
    fn member(&self, name: &str) -> (Option<&Value>, Path<'static>) {
        (self.members.get(name).filter(|value| !value.is_null()), self.path.member(name))
    }
}

impl Member for bool {
    fn read(value: &Value, path: &Path<'_>, _: World<'_>) -> Result<Self, Fault> {
        value.as_bool().ok_or_else(|| path.fault("must be true or false"))
    }
}

impl Member for Period {
    fn read(value: &Value, path: &Path<'_>, _: World<'_>) -> Result<Self, Fault> {
        Self::parse(value, path)
    }
}

impl Member for Compare {
    fn read(value: &Value, path: &Path<'_>, _: World<'_>) -> Result<Self, Fault> {
        Self::parse(value, path)
    }
}

impl Member for Project {
    fn read(value: &Value, path: &Path<'_>, _: World<'_>) -> Result<Self, Fault> {
        let name = value.as_str().filter(|name| name.chars().count() <= MAX_PROJECT);
        name.map(|name| Self(name.to_owned()))
            .ok_or_else(|| path.fault("must be a project's slug or id, a string of at most 128 characters"))
    }
}

/// The message for a name that is not a time zone.
pub(crate) const ZONE: &str =
    "unknown time zone; must be a name of the IANA database such as Europe/Berlin, America/New_York or UTC";

impl Member for ZoneName {
    fn read(value: &Value, path: &Path<'_>, _: World<'_>) -> Result<Self, Fault> {
        let name = value.as_str().filter(|name| name.len() <= MAX_ZONE);
        name.map(|_| Self).ok_or_else(|| path.fault(ZONE))
    }
}

impl Member for Metrics {
    fn read(value: &Value, path: &Path<'_>, _: World<'_>) -> Result<Self, Fault> {
        let metrics = list(value, path, MAX_METRICS, |value, at| {
            let found = value.as_str().and_then(Metric::parse);
            found.ok_or_else(|| at.fault(unknown(value, Metric::ALL.iter().map(|metric| metric.as_str()))))
        })?;
        if metrics.is_empty() {
            return Err(path.fault("must name at least one metric, such as visitors"));
        }
        Ok(Self(metrics))
    }
}

impl Member for Dimensions {
    fn read(value: &Value, path: &Path<'_>, _: World<'_>) -> Result<Self, Fault> {
        let dimensions = list(value, path, MAX_DIMENSIONS, |value, at| {
            let read = value.as_str().ok_or_else(|| unknown_dimension(value)).and_then(Dimension::parse);
            read.map_err(|message| at.fault(message).code(ErrorCode::InvalidGroupBy))
        })?;
        if dimensions.iter().filter(|one| matches!(one, Dimension::Time(_))).count() > 1 {
            return Err(path.fault("must have at most one time axis"));
        }
        Ok(Self(dimensions))
    }
}

impl Member for Breakdown {
    fn read(value: &Value, path: &Path<'_>, _: World<'_>) -> Result<Self, Fault> {
        let refuse = |message: String| path.fault(message).code(ErrorCode::InvalidGroupBy);
        let name = value.as_str().ok_or_else(|| refuse(unknown_dimension(value)))?;
        match Dimension::parse(name).map_err(refuse)? {
            Dimension::Time(_) => {
                Err(refuse("must be a column or a property such as source or prop:plan, not a time axis".to_owned()))
            }
            dimension if !dimension.is_known_to(Level::Event) => {
                Err(refuse(format!("events have no {}; name a column or property of events", dimension.key())))
            }
            dimension => Ok(Self(dimension)),
        }
    }
}

impl Member for Conditions {
    fn read(value: &Value, path: &Path<'_>, world: World<'_>) -> Result<Self, Fault> {
        filter::read_all(value, path, world.segments).map(Self)
    }
}

impl Member for Condition {
    fn read(value: &Value, path: &Path<'_>, world: World<'_>) -> Result<Self, Fault> {
        filter::read_event(value, path, world.segments).map(Self)
    }
}

impl Member for Cursor {
    fn read(value: &Value, path: &Path<'_>, _: World<'_>) -> Result<Self, Fault> {
        let text = value.as_str().filter(|text| text.len() <= MAX_CURSOR);
        let text = text.ok_or_else(|| path.fault("must be the next_cursor of a previous answer"))?;
        Ok(Self(text.to_owned(), path.to_text()))
    }
}

impl<const MAX: u32> Member for Whole<MAX> {
    fn read(value: &Value, path: &Path<'_>, _: World<'_>) -> Result<Self, Fault> {
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|n| (1..=MAX).contains(n));
        number.map(Self).ok_or_else(|| path.fault(format!("must be a whole number from 1 to {MAX}")))
    }
}

/// Parses a list of values without duplicates. A single value needs no brackets.
fn list<T: PartialEq>(
    value: &Value,
    path: &Path<'_>,
    max: usize,
    read: impl Fn(&Value, &Path<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let one = std::slice::from_ref(value);
    let items = value.as_array().map_or(one, Vec::as_slice);
    if items.len() > max {
        return Err(path.fault(format!("must have at most {max} values")));
    }
    let mut found = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let at = path.index(index);
        let item = read(item, &at)?;
        if found.contains(&item) {
            return Err(at.fault("is a duplicate; name each value once"));
        }
        found.push(item);
    }
    Ok(found)
}
