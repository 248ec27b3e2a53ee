//! What answers can be grouped and filtered by: a closed list, and properties by their key.

use super::metric::Level;
use statement::Binder;

/// Most characters of a property's key.
pub const MAX_KEY: usize = 200;

macro_rules! columns {
    ($($name:ident = $word:literal, $session:expr;)*) => {
        /// A column of `events`, or of sessions where it has one there.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "named after the columns")]
        pub enum Column { $($name,)* }

        impl Column {
            /// All columns, in the order they are told to people.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in questions and answers.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Where it is known: of events alone, of sessions alone, of both.
            fn known(self) -> Known {
                match self { $(Self::$name => $session,)* }
            }
        }
    };
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Events,
    Sessions,
    Both,
}
use Known::{Both, Events, Sessions};

columns! {
    Event = "event", Events;
    Source = "source", Both;
    Medium = "medium", Both;
    Channel = "channel", Both;
    Campaign = "campaign", Both;
    Term = "term", Both;
    Content = "content", Both;
    ReferrerHost = "referrer_host", Both;
    ClickId = "click_id", Both;
    Country = "country", Both;
    Region = "region", Both;
    City = "city", Both;
    Language = "language", Both;
    DeviceType = "device_type", Both;
    Browser = "browser", Both;
    BrowserVersion = "browser_version", Events;
    Os = "os", Both;
    OsVersion = "os_version", Events;
    Host = "host", Both;
    Path = "path", Events;
    Title = "title", Events;
    EntryPath = "entry_path", Sessions;
    ExitPath = "exit_path", Sessions;
    BotClass = "bot_class", Events;
    UserId = "user_id", Events;
}

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
        let column = Column::ALL.iter().copied().find(|column| column.as_str() == name);
        column.map(Self::Column).ok_or_else(allowed)
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
            Self::Column(column) => match column.known() {
                Events => level == Level::Event,
                Sessions => level == Level::Session,
                Both => true,
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
    let columns: Vec<&str> = Column::ALL.iter().map(|column| column.as_str()).collect();
    let times: Vec<String> = Interval::ALL.iter().map(|interval| format!("time:{}", interval.as_str())).collect();
    format!("must be of {}, prop:KEY, {}", columns.join(", "), times.join(", "))
}
