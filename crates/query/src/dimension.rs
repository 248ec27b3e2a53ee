//! What answers can be grouped and filtered by: a closed list, and properties by their key.

use super::metric::Level;
pub use schema::Column;
use statement::Binder;

/// Most characters of a property's key.
pub const MAX_KEY: usize = 200;

/// Width of a step on the time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Interval {
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// A calendar day.
    Day,
    /// From Monday.
    Week,
    /// A calendar month.
    Month,
}

impl Interval {
    /// All intervals, finest first.
    pub const ALL: &'static [Self] = &[Self::Minute, Self::Hour, Self::Day, Self::Week, Self::Month];

    /// Its name in questions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// What answers are grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// A column.
    Column(Column),
    /// A property, by its key at the top level.
    Property(String),
    /// The time axis, in the question's zone.
    Time(Interval),
}

impl Dimension {
    /// Reads `source`, `prop:plan` or `time:day`.
    ///
    /// # Errors
    /// What is allowed.
    pub fn parse(name: &str) -> Result<Self, String> {
        if let Some(key) = name.strip_prefix("prop:") {
            return if key.is_empty() || key.chars().count() > MAX_KEY {
                Err(format!("must name a property of 1 to {MAX_KEY} characters after prop:"))
            } else {
                Ok(Self::Property(key.to_owned()))
            };
        }
        if let Some(width) = name.strip_prefix("time:") {
            let found = Interval::ALL.iter().copied().find(|interval| interval.as_str() == width);
            return found.map(Self::Time).ok_or_else(allowed);
        }
        Column::groupable(name).map(Self::Column).ok_or_else(allowed)
    }

    /// Its key in the rows of an answer. The time axis is `time`, whatever its width.
    pub fn key(&self) -> String {
        match self {
            Self::Column(column) => column.as_str().to_owned(),
            Self::Property(key) => format!("prop:{key}"),
            Self::Time(_) => "time".to_owned(),
        }
    }

    /// Whether rows of this level have it.
    pub fn is_known_to(&self, level: Level) -> bool {
        match self {
            Self::Column(column) => match level {
                Level::Event => column.is_of_events(),
                Level::Session => column.is_of_sessions(),
            },
            Self::Property(_) => level == Level::Event,
            Self::Time(_) => true,
        }
    }

    /// Its text in SQL, over rows of `events` or of sessions.
    pub(super) fn text(&self, table: &str, bind: &mut Binder) -> String {
        match self {
            // Qualified, so that an alias of the same name does not stand for itself.
            Self::Column(column) => format!("{table}.{}", column.as_str()),
            Self::Property(key) => {
                let key = bind.value("String", key);
                format!(
                    "if(JSONType({table}.properties, {key}) = 'String', JSONExtractString({table}.properties, {key}), \
                     JSONExtractRaw({table}.properties, {key}))"
                )
            }
            Self::Time(_) => String::new(),
        }
    }

    /// Its number in SQL, `NULL` where it is none.
    pub(super) fn number(&self, table: &str, bind: &mut Binder) -> String {
        match self {
            Self::Property(key) => {
                let key = bind.value("String", key);
                format!("JSONExtract({table}.properties, {key}, 'Nullable(Float64)')")
            }
            Self::Column(_) | Self::Time(_) => "NULL".to_owned(),
        }
    }
}

/// All that can be named, for people.
pub fn allowed() -> String {
    let times: Vec<String> = Interval::ALL.iter().map(|interval| format!("time:{}", interval.as_str())).collect();
    format!("must be of {}, prop:KEY, {}", Column::names(Column::GROUPABLE), times.join(", "))
}
