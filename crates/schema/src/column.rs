//! The table of columns.

/// Format of a column's values in answers and files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Text.
    Text,
    /// An instant.
    Time,
    /// A 64-bit number as decimal text, because JSON numbers lose digits. Empty if it is 0.
    Hash,
    /// An amount. Its currency is the column `currency`.
    Money,
    /// A JSON object as sent; `{}` if none was sent.
    Json,
}

/// A column of `events`.
const EVENTS: u16 = 1;
/// A column of `sessions`. Together with `EVENTS`: copied from the session's entry.
const SESSIONS: u16 = 1 << 1;
/// Answers can be grouped and filtered by it.
const GROUP: u16 = 1 << 2;
/// `daily_rollup` has rows for it.
const ROLLUP: u16 = 1 << 3;
/// The event store computes it, so the row writer does not write it.
const STORE: u16 = 1 << 4;
/// Not shown in answers: it identifies the row's project, or is part of another column.
const HIDDEN: u16 = 1 << 5;
/// It identifies a person: empty for visitors with DNT or GPC, and not shown to AI models.
const PERSON: u16 = 1 << 6;
/// A person's rows are found by it, for export and erasure.
const FIND: u16 = 1 << 7;
/// The classifier computes it, so re-classification rewrites it.
const CLASSIFIED: u16 = 1 << 8;

macro_rules! columns {
    ($($variant:ident $name:literal $kind:literal $holds:ident [$($flag:ident)*] $about:literal;)*) => {
        /// A column of `events` or `sessions`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each has its description")]
        pub enum Column { $($variant,)* }

        impl Column {
            /// All columns, in the order in which answers and files show them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Name in the event store, in questions and in answers.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Type in ClickHouse.
            pub const fn kind(self) -> &'static str {
                match self { $(Self::$variant => $kind,)* }
            }

            /// Format of its values.
            pub const fn holds(self) -> Holds {
                match self { $(Self::$variant => Holds::$holds,)* }
            }

            /// Description, as a sentence.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }

            const fn flags(self) -> u16 {
                match self { $(Self::$variant => 0 $(| $flag)*,)* }
            }
        }
    };
}

columns! {
    ProjectId "project_id" "UUID" Text [EVENTS HIDDEN]
        "The project.";
    Env "env" "Enum8('live' = 1, 'test' = 2)" Text [EVENTS HIDDEN]
        "The project's data set: `live` or `test`.";
    EventId "event_id" "String" Text [EVENTS]
        "Identity of the event within its project, data set and UTC day.";
    Event "event" "LowCardinality(String)" Text [EVENTS GROUP ROLLUP]
        "Name of the event, such as `pageview`.";
    Timestamp "timestamp" "DateTime64(3, 'UTC')" Time [EVENTS]
        "When it happened.";
    ReceivedAt "received_at" "DateTime64(3, 'UTC')" Time [EVENTS]
        "When it was received.";
    SentBy "sent_by" "LowCardinality(String)" Text [EVENTS GROUP]
        "Who sent it: `browser`, `server`, `import`, `link`, `pixel` or `postback`; empty for events from before this was stored.";
    Precedence "precedence" "UInt64" Hash [EVENTS STORE HIDDEN]
        "Of several rows of one event the one with the largest precedence counts.";
    AnonymousId "anonymous_id" "String" Text [EVENTS PERSON FIND]
        "Id of the device.";
    UserId "user_id" "String" Text [EVENTS GROUP PERSON FIND]
        "Id of the person.";
    SessionId "session_id" "String" Text [EVENTS PERSON]
        "Id of the session, as sent.";
    VisitorHash "visitor_hash" "UInt64" Hash [EVENTS PERSON FIND]
        "Daily hash of a visitor without a device id: 64 bits as decimal text, empty where there is none.";
    Visitor "visitor" "UInt128" Hash [EVENTS STORE HIDDEN PERSON]
        "Who is counted as one visitor: by the device's id, or else by the day's hash; 0 if both are missing.";
    Url "url" "String" Text [EVENTS]
        "Page address, cleaned of what may identify a person.";
    Host "host" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP ROLLUP]
        "Host name of the page.";
    Path "path" "String" Text [EVENTS GROUP ROLLUP]
        "Path of the page.";
    Title "title" "String" Text [EVENTS GROUP]
        "Title of the page.";
    Referrer "referrer" "String" Text [EVENTS]
        "Referring address, cleaned of what may identify a person.";
    ReferrerHost "referrer_host" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP ROLLUP CLASSIFIED]
        "Host name of the referring page.";
    Source "source" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP ROLLUP CLASSIFIED]
        "Where the visit came from, such as `google` or `newsletter`.";
    Medium "medium" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP ROLLUP CLASSIFIED]
        "How it came, such as `organic`, `email` or `paid`.";
    Channel "channel" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP ROLLUP CLASSIFIED]
        "Group of sources, such as `Organic Search`.";
    Campaign "campaign" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP ROLLUP CLASSIFIED]
        "Campaign, from `utm_campaign`.";
    Term "term" "String" Text [EVENTS SESSIONS GROUP]
        "Search term, from `utm_term`.";
    Content "content" "String" Text [EVENTS SESSIONS GROUP CLASSIFIED]
        "Variant of an advertisement, from `utm_content`.";
    ClickId "click_id" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP CLASSIFIED]
        "Name of the click id in the page address, such as `gclid`; its value is not stored.";
    UtmSource "utm_source" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP]
        "`utm_source` of the page address as it was sent, decoded and trimmed.";
    UtmMedium "utm_medium" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP]
        "`utm_medium` of the page address as it was sent, decoded and trimmed.";
    RuleId "rule_id" "LowCardinality(String)" Text [EVENTS CLASSIFIED]
        "Rule of the classifier that decided on the source.";
    Confidence "confidence" "Enum8('low' = 1, 'medium' = 2, 'high' = 3)" Text [EVENTS CLASSIFIED]
        "How sure the classifier is: `low`, `medium` or `high`.";
    ClassifierVersion "classifier_version" "LowCardinality(String)" Text [EVENTS CLASSIFIED]
        "Version of the classifier.";
    Country "country" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP ROLLUP]
        "Country (ISO 3166 alpha-2).";
    Region "region" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP]
        "Region of the country.";
    City "city" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP]
        "City.";
    Language "language" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP ROLLUP]
        "Preferred language, such as `de`.";
    DeviceType "device_type" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP ROLLUP]
        "Kind of device, such as `desktop` or `mobile`, from the user agent.";
    Screen "screen" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP]
        "Class of the screen by its width: `mobile`, `tablet`, `laptop` or `desktop`; empty where it is unknown.";
    Browser "browser" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP ROLLUP]
        "Browser.";
    BrowserVersion "browser_version" "LowCardinality(String)" Text [EVENTS GROUP]
        "Major version of the browser.";
    Os "os" "LowCardinality(String)" Text [EVENTS SESSIONS GROUP ROLLUP]
        "Operating system.";
    OsVersion "os_version" "LowCardinality(String)" Text [EVENTS GROUP]
        "Version of the operating system.";
    EntryPath "entry_path" "String" Text [SESSIONS GROUP]
        "Path of the session's first page.";
    ExitPath "exit_path" "String" Text [SESSIONS GROUP]
        "Path of the session's last page.";
    BotClass "bot_class" "LowCardinality(String)" Text [EVENTS GROUP]
        "Kind of bot; empty for people.";
    Revenue "revenue" "Nullable(Decimal(18, 4))" Money [EVENTS]
        "Amount and currency. The amount is text, because a JSON number could lose digits.";
    Currency "currency" "LowCardinality(String)" Text [EVENTS HIDDEN]
        "Currency of the revenue (ISO 4217).";
    Properties "properties" "String" Json [EVENTS]
        "Properties as they were sent, byte for byte.";
}

/// Number of columns that have all flags `with` and none of `without`.
const fn count(with: u16, without: u16) -> usize {
    let (mut index, mut found) = (0, 0);
    while index < Column::ALL.len() {
        found += has(Column::ALL[index], with, without) as usize;
        index += 1;
    }
    found
}

/// The columns that have all flags `with` and none of `without`, in table order.
const fn select<const N: usize>(with: u16, without: u16) -> [Column; N] {
    let mut columns = [Column::Event; N];
    let (mut index, mut found) = (0, 0);
    while index < Column::ALL.len() {
        if has(Column::ALL[index], with, without) {
            columns[found] = Column::ALL[index];
            found += 1;
        }
        index += 1;
    }
    columns
}

const fn has(column: Column, with: u16, without: u16) -> bool {
    column.flags() & with == with && column.flags() & without == 0
}

macro_rules! lists {
    ($($(#[$about:meta])* $name:ident = $with:expr, $without:expr;)*) => {
        impl Column {
            $($(#[$about])* pub const $name: &'static [Self] = &select::<{ count($with, $without) }>($with, $without);)*
        }
    };
}

lists! {
    /// The columns of `events`.
    OF_EVENTS = EVENTS, 0;
    /// The columns that the row writer writes.
    WRITTEN = EVENTS, STORE;
    /// The columns of an event in answers and files.
    SHOWN = EVENTS, HIDDEN;
    /// The columns that answers can be grouped and filtered by.
    GROUPABLE = GROUP, 0;
    /// The columns of `sessions` that are copied from the session's entry, with the same names as in `events`.
    OF_ENTRY = EVENTS | SESSIONS, 0;
    /// The columns that `daily_rollup` has rows for.
    OF_ROLLUP = ROLLUP, 0;
    /// The shown columns that identify a person.
    PERSONAL = PERSON, HIDDEN;
    /// The columns of `events` by which a person's rows are found.
    FINDING = FIND, 0;
    /// The columns that re-classification rewrites.
    RECLASSIFIED = CLASSIFIED, 0;
}

impl Column {
    /// Finds a groupable column by its name.
    pub fn groupable(name: &str) -> Option<Self> {
        Self::GROUPABLE.iter().copied().find(|column| column.as_str() == name)
    }

    /// Whether metrics of events can be grouped by it.
    pub const fn is_of_events(self) -> bool {
        has(self, EVENTS, 0)
    }

    /// Whether metrics of sessions can be grouped by it.
    pub const fn is_of_sessions(self) -> bool {
        has(self, SESSIONS, 0)
    }

    /// Whether `daily_rollup` has rows for it.
    pub const fn is_of_rollup(self) -> bool {
        has(self, ROLLUP, 0)
    }

    /// The names of columns as text: `source, medium, channel`.
    pub fn names(columns: &[Self]) -> String {
        let names: Vec<&str> = columns.iter().map(|column| column.as_str()).collect();
        names.join(", ")
    }

    /// What metrics of sessions cannot be grouped by, as text: `event, path, … and properties`.
    pub fn not_of_sessions() -> String {
        let columns: Vec<Self> = Self::GROUPABLE.iter().copied().filter(|column| !column.is_of_sessions()).collect();
        format!("{} and properties", Self::names(&columns))
    }

    /// What only metrics of sessions can be grouped by, as text: `entry_path and exit_path`.
    pub fn not_of_events() -> String {
        let columns: Vec<&str> =
            Self::GROUPABLE.iter().filter(|column| !column.is_of_events()).map(|column| column.as_str()).collect();
        columns.join(" and ")
    }
}

/// Whether a column of this name exists and the row writer writes it. Usable at compile time.
pub const fn is_written(name: &str) -> bool {
    let mut index = 0;
    while index < Column::WRITTEN.len() {
        if is_same(Column::WRITTEN[index].as_str().as_bytes(), name.as_bytes()) {
            return true;
        }
        index += 1;
    }
    false
}

/// `==` for byte slices, which is not available at compile time.
const fn is_same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut index = 0;
    while index < one.len() {
        if one[index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_column_has_a_unique_name_and_a_description() {
        let names: BTreeSet<&str> = Column::ALL.iter().map(|column| column.as_str()).collect();
        assert_eq!(names.len(), Column::ALL.len());
        for column in Column::ALL {
            assert!(column.about().ends_with('.'), "{}", column.as_str());
            assert!(column.is_of_events() || column.is_of_sessions(), "{}", column.as_str());
        }
    }

    #[test]
    fn columns_of_the_rollup_are_groupable_and_columns_that_find_a_person_identify_one() {
        for column in Column::OF_ROLLUP {
            assert!(Column::GROUPABLE.contains(column), "{}", column.as_str());
        }
        assert_eq!(Column::names(Column::FINDING), "anonymous_id, user_id, visitor_hash");
        assert_eq!(Column::names(Column::PERSONAL), "anonymous_id, user_id, session_id, visitor_hash");
    }

    #[test]
    fn lists_for_people() {
        assert_eq!(
            Column::not_of_sessions(),
            "event, sent_by, user_id, path, title, browser_version, os_version, bot_class and properties"
        );
        assert_eq!(Column::not_of_events(), "entry_path and exit_path");
    }

    #[test]
    fn only_columns_of_the_row_writer_are_written() {
        assert!(is_written("title") && is_written("currency"));
        assert!(!is_written("visitor") && !is_written("entry_path") && !is_written("titl"));
    }
}
