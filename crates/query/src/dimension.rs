//! Dimensions: the columns, properties and time steps that answers are grouped and filtered by. Columns are a closed
//! list (`crates/schema`).

use serde_json::Value;

use super::metric::Level;
use super::nearest::unknown;
pub use schema::Column;
use statement::Binder;

/// Maximum length of a property's key, in characters.
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
    /// A calendar week, from Monday.
    Week,
    /// A calendar month.
    Month,
}

impl Interval {
    /// All intervals, finest first.
    pub const ALL: &'static [Self] = &[Self::Minute, Self::Hour, Self::Day, Self::Week, Self::Month];

    /// Parses `minute`, `hour`, `day`, `week` or `month`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|interval| interval.as_str() == name)
    }

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
    /// A top-level member of `properties`, by its key.
    Property(String),
    /// The time axis, in the question's time zone.
    Time(Interval),
}

impl Dimension {
    /// Parses `source`, `prop:plan` or `time:day`.
    ///
    /// # Errors
    /// A message that says what is wrong and what is allowed.
    pub fn parse(name: &str) -> Result<Self, String> {
        if let Some(key) = name.strip_prefix("prop:") {
            return if key.is_empty() || key.chars().count() > MAX_KEY {
                Err(format!("must name a property of 1 to {MAX_KEY} characters after prop:, such as prop:plan"))
            } else {
                Ok(Self::Property(key.to_owned()))
            };
        }
        let found = match name.strip_prefix("time:") {
            Some(width) => Interval::parse(width).map(Self::Time),
            None => Column::groupable(name).map(Self::Column),
        };
        found.ok_or_else(|| unknown_dimension(&name.into()))
    }

    /// Its name in questions: the column, `prop:KEY`, or `time:day` and the like.
    pub fn name(&self) -> String {
        match self {
            Self::Time(interval) => format!("time:{}", interval.as_str()),
            other => other.key(),
        }
    }

    /// Its key in the rows of an answer: the column, `prop:KEY`, or `time` for a time axis of any width.
    pub fn key(&self) -> String {
        match self {
            Self::Column(column) => column.as_str().to_owned(),
            Self::Property(key) => format!("prop:{key}"),
            Self::Time(_) => "time".to_owned(),
        }
    }

    /// Whether rows of this level (events or sessions) have it.
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

    /// The SQL expression of its value as text, over rows of `table`.
    pub(super) fn text(&self, table: &str, bind: &mut Binder) -> String {
        match self {
            // Qualified, so that ClickHouse does not resolve it to an alias of the same name.
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

    /// The SQL expression of its value as a number; `NULL` if it is not a number.
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

/// The message for a value that is not a dimension: what is allowed, and a suggestion if a name is near.
pub(super) fn unknown_dimension(value: &Value) -> String {
    let times: Vec<String> = Interval::ALL.iter().map(|interval| format!("time:{}", interval.as_str())).collect();
    let columns = Column::GROUPABLE.iter().map(|column| column.as_str());
    unknown(value, columns.chain(["prop:KEY"]).chain(times.iter().map(String::as_str)))
}
