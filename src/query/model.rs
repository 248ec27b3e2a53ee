//! The question as a value. Identifiers exist only as members of these closed lists.

use crate::time::Timestamp;

/// Longest period of one question: five years (contract, "Limits").
pub const MAX_RANGE_DAYS: i64 = 5 * 366;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Events, each identity once.
    Events,
    /// Exact distinct visitors: by `anonymous_id`, else by the day's visitor hash; never stitched.
    Visitors,
}

impl Metric {
    /// All metrics.
    pub const ALL: &'static [Self] = &[Self::Events, Self::Visitors];

    /// Its name in questions and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Visitors => "visitors",
        }
    }
}

macro_rules! dimensions {
    ($($name:ident = $column:literal,)*) => {
        /// A column that answers can be grouped by.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "named after the columns")]
        pub enum Dimension { $($name,)* }

        impl Dimension {
            /// All dimensions, in the order they are told to people.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in questions and answers, which is also the column's.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $column,)* }
            }
        }
    };
}

dimensions! {
    Event = "event",
    Source = "source",
    Medium = "medium",
    Channel = "channel",
    Campaign = "campaign",
    Term = "term",
    Content = "content",
    ReferrerHost = "referrer_host",
    ClickId = "click_id",
    Country = "country",
    Region = "region",
    City = "city",
    Language = "language",
    DeviceType = "device_type",
    Browser = "browser",
    BrowserVersion = "browser_version",
    Os = "os",
    OsVersion = "os_version",
    BotClass = "bot_class",
    Host = "host",
    Path = "path",
    Title = "title",
}

/// Width of a step on the time axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// 60 minutes.
    Hour,
    /// A UTC day.
    Day,
    /// From Monday.
    Week,
    /// A calendar month.
    Month,
}

impl Interval {
    /// All intervals, finest first.
    pub const ALL: &'static [Self] = &[Self::Hour, Self::Day, Self::Week, Self::Month];

    /// Its name in questions.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// A question that can be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Slug or id of the project, which account keys name and others may not.
    pub project: Option<String>,
    /// What is counted; at least one.
    pub metrics: Vec<Metric>,
    /// First instant that counts.
    pub from: Timestamp,
    /// First instant that no longer counts.
    pub to: Timestamp,
    /// Only this event.
    pub event: Option<String>,
    /// Count what bots do as well.
    pub bots: bool,
    /// Grouped by these, at most ten.
    pub group_by: Vec<Dimension>,
    /// Split along the time axis.
    pub interval: Option<Interval>,
    /// Most rows in the answer, 1..10,000.
    pub limit: u32,
}
