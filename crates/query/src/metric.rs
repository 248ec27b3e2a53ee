//! Metrics: one row each, with name, unit, definition and SQL.

/// What a metric is counted over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Events.
    Event,
    /// Sessions.
    Session,
}

/// An aggregate that metrics are computed from. Aggregates of disjoint parts add up, so the parts can come from
/// different tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Number of events.
    Events,
    /// Distinct visitors.
    Visitors,
    /// Distinct persons after stitching.
    Users,
    /// Events named `pageview`.
    Pageviews,
    /// Sum of revenue by currency.
    Revenue,
    /// Number of events with revenue by currency.
    Sales,
    /// Distinct visitors who reached the goal in the period.
    Converted,
    /// Events whose medium is `paid`.
    Paid,
    /// Number of sessions.
    Sessions,
    /// Sessions that are bounces.
    Bounces,
    /// Sum of the sessions' lengths in milliseconds.
    Duration,
    /// Pageviews within sessions.
    SessionPageviews,
}

impl Base {
    /// Whether it is computed over events or sessions.
    pub fn level(self) -> Level {
        match self {
            Self::Sessions | Self::Bounces | Self::Duration | Self::SessionPageviews => Level::Session,
            _ => Level::Event,
        }
    }

    /// Its column in the inner SELECTs.
    pub fn column(self) -> &'static str {
        match self {
            Self::Events => "b_events",
            Self::Visitors => "b_visitors",
            Self::Users => "b_users",
            Self::Pageviews => "b_pageviews",
            Self::Revenue => "b_revenue",
            Self::Sales => "b_sales",
            Self::Converted => "b_converted",
            Self::Paid => "b_paid",
            Self::Sessions => "b_sessions",
            Self::Bounces => "b_bounces",
            Self::Duration => "b_duration",
            Self::SessionPageviews => "b_session_pageviews",
        }
    }

    /// The aggregate over rows of `events` or of sessions. `goal` is the condition of the goal.
    pub(super) fn aggregate(self, goal: &str) -> String {
        match self {
            Self::Events | Self::Sessions => "count()".to_owned(),
            Self::Visitors => "uniqExactIf(visitor, visitor != 0)".to_owned(),
            Self::Users => "uniqExactIf(person, person != '')".to_owned(),
            Self::Pageviews => format!("countIf({})", schema::is_pageview("event")),
            // Currencies are never added up.
            Self::Revenue => "sumMapIf(map(currency, assumeNotNull(revenue)), revenue IS NOT NULL)".to_owned(),
            Self::Sales => "sumMapIf(map(currency, toUInt64(1)), revenue IS NOT NULL)".to_owned(),
            Self::Converted => format!("uniqExactIf(visitor, visitor != 0 AND {goal})"),
            Self::Paid => "countIf(medium = 'paid')".to_owned(),
            Self::Bounces => "countIf(is_bounce)".to_owned(),
            Self::Duration => "sum(duration_ms)".to_owned(),
            Self::SessionPageviews => "sum(pageviews)".to_owned(),
        }
    }

    /// Its value in a part that does not compute it.
    pub(super) fn nothing(self) -> &'static str {
        match self {
            Self::Revenue => "CAST(map(), 'Map(LowCardinality(String), Decimal(38, 4))')",
            Self::Sales => "CAST(map(), 'Map(LowCardinality(String), UInt64)')",
            Self::Duration => "toInt64(0)",
            _ => "toUInt64(0)",
        }
    }

    /// The expression that adds the parts up.
    pub(super) fn total(self) -> String {
        let column = self.column();
        match self {
            Self::Revenue | Self::Sales => format!("sumMap({column})"),
            _ => format!("sum({column})"),
        }
    }
}

macro_rules! metrics {
    ($($name:ident = $word:literal, $unit:literal, [$($base:ident),*], $sql:literal, $definition:literal;)*) => {
        /// What a question measures.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "`definition` describes each")]
        pub enum Metric { $($name,)* }

        impl Metric {
            /// All metrics, in the order of the documents.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in questions and answers.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What its number means.
            pub fn definition(self) -> &'static str {
                match self { $(Self::$name => $definition,)* }
            }

            /// `count`, `percent`, `seconds`, `ratio` or `amount by currency`.
            pub fn unit(self) -> &'static str {
                match self { $(Self::$name => $unit,)* }
            }

            /// The aggregates that it is computed from.
            pub fn bases(self) -> &'static [Base] {
                match self { $(Self::$name => &[$(Base::$base),*],)* }
            }

            /// The SQL expression over the totals of its aggregates.
            pub(super) fn sql(self) -> &'static str {
                match self { $(Self::$name => $sql,)* }
            }
        }
    };
}

metrics! {
    Events = "events", "count", [Events], "t_events",
        "Events, each identity (project, env, event_id, UTC day) once.";
    Visitors = "visitors", "count", [Visitors], "t_visitors",
        "Exact distinct visitors: by anonymous_id, else by the day's visitor hash; never stitched. A visitor \
         without an id counts again each UTC day.";
    Users = "users", "count", [Users], "t_users",
        "Exact distinct persons after stitching: the user_id, else the user the anonymous_id was first identified as, \
         else the anonymous_id. Events with neither are not counted.";
    Sessions = "sessions", "count", [Sessions], "t_sessions",
        "Sessions that start in the period: a visitor's events with gaps under 30 minutes, or with one session_id.";
    Pageviews = "pageviews", "count", [Pageviews], "t_pageviews",
        "Events named pageview.";
    BounceRate = "bounce_rate", "percent", [Sessions, Bounces],
        "if(t_sessions = 0, NULL, round(100 * t_bounces / t_sessions, 2))",
        "Share of sessions with at most one event that is activity. $identify and other reserved events are not.";
    SessionDuration = "session_duration", "seconds", [Sessions, Duration],
        "if(t_sessions = 0, NULL, round(t_duration / t_sessions / 1000, 3))",
        "Mean time from a session's first event to its last, including bounces with 0.";
    ViewsPerSession = "views_per_session", "ratio", [Sessions, SessionPageviews],
        "if(t_sessions = 0, NULL, round(t_session_pageviews / t_sessions, 4))",
        "Mean number of pageviews per session.";
    EventsPerVisitor = "events_per_visitor", "ratio", [Events, Visitors],
        "if(t_visitors = 0, NULL, round(t_events / t_visitors, 4))",
        "Events divided by visitors.";
    Revenue = "revenue", "amount by currency", [Revenue],
        "mapFilter((code, amount) -> code != '', t_revenue)",
        "Sum of revenue by currency. Amounts in different currencies are never added up.";
    AverageRevenue = "average_revenue", "amount by currency", [Revenue, Sales],
        "mapApply((code, amount) -> (code, round(toFloat64(amount) / t_sales[code], 4)), t_revenue)",
        "Mean revenue of the events with revenue, by currency.";
    ConversionRate = "conversion_rate", "percent", [Visitors, Converted],
        "if(t_visitors = 0, NULL, round(100 * t_converted / t_visitors, 2))",
        "Share of visitors who reached the goal at any time in the period. Needs goal.";
    Percentage = "percentage", "percent", [Visitors], "t_visitors",
        "Visitors of the row as a share of all visitors of the question.";
    PaidShare = "paid_share", "percent", [Events, Paid],
        "if(t_events = 0, NULL, round(100 * t_paid / t_events, 2))",
        "Share of events whose medium is paid.";
}

impl Metric {
    /// Parses its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|metric| metric.as_str() == name)
    }

    /// The names of the metrics that are counted over sessions, separated by commas.
    pub(super) fn names_of_sessions() -> String {
        let names: Vec<&str> = Self::ALL.iter().filter(|one| one.is_of_sessions()).map(|one| one.as_str()).collect();
        names.join(", ")
    }

    /// Whether it is counted over sessions.
    pub fn is_of_sessions(self) -> bool {
        self.bases().iter().any(|base| base.level() == Level::Session)
    }
}
