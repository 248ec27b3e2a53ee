//! The members of the tools' arguments and answers that are not just those of a report.

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::parts::{
    Compare, Cursor, DateRange, Filters, Goal, IncludeBots, MAX_EVENT, Metrics, Projects, Rows, Text, Zone,
};
use query::SourcesBy;

fn sources_by() -> Vec<&'static str> {
    SourcesBy::ALL.iter().map(|by| by.as_str()).collect()
}

/// Declares the arguments and the answer of a tool, unless they are just those of a report.
macro_rules! arguments {
    ($($name:ident { $($(#[$doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        #[derive(JsonSchema)]
        #[schemars(deny_unknown_fields)]
        #[allow(dead_code, reason = "the schema is what counts")]
        pub(super) struct $name { $($(#[$doc])* $field: $kind,)* }
    )*};
}
arguments! {
    TopSources {
        /// How to group. Default `source_medium`.
        #[schemars(extend("enum" = sources_by()))]
        by: Option<String>,
        date_range: Option<DateRange>, timezone: Option<Zone>, filters: Option<Filters>, compare: Option<Compare>,
        /// Maximum number of rows. Default 20.
        limit: Option<Rows<200>>,
        include_bots: Option<IncludeBots>,
    }
    TopPages {
        /// `path`: pages viewed; `entry_path` and `exit_path`: first and last pages of sessions; `title`. Default
        /// `path`.
        #[schemars(extend("enum" = ["path", "title", "entry_path", "exit_path"]))]
        by: Option<String>,
        date_range: Option<DateRange>, timezone: Option<Zone>, filters: Option<Filters>, compare: Option<Compare>,
        /// Maximum number of rows. Default 20.
        limit: Option<Rows<200>>,
        include_bots: Option<IncludeBots>,
    }
    ComparePeriods {
        metrics: Option<Metrics>, date_range: Option<DateRange>,
        /// `previous_period` (of the same length, directly before; the default), `year_over_year`, words for a complete
        /// period (last month, 2025-10), or a pair of dates.
        #[schemars(with = "Option<Compare>")]
        compare_to: Option<Compare>,
        /// Group by up to 3 columns, properties or a time axis, as in `get_stats`.
        #[schemars(length(max = 3))]
        dimensions: Option<Vec<Text<210>>>,
        timezone: Option<Zone>, filters: Option<Filters>, goal: Option<Goal>,
        /// Maximum number of rows. Default 20.
        limit: Option<Rows<200>>,
        include_bots: Option<IncludeBots>,
    }
    CompareProjects {
        projects: Option<Projects>, metrics: Option<Metrics>, date_range: Option<DateRange>, timezone: Option<Zone>,
        filters: Option<Filters>, goal: Option<Goal>, include_bots: Option<IncludeBots>,
    }
    QueryEvents {
        date_range: Option<DateRange>, timezone: Option<Zone>,
        /// Only events of this name.
        event: Option<Text<MAX_EVENT>>,
        filters: Option<Filters>,
        /// Keys of the properties to show, or ["*"]. Default none.
        #[schemars(length(max = 20))]
        properties: Option<Vec<Text<200>>>,
        /// Also show `anonymous_id`, `user_id`, `session_id` and `visitor_hash`. Default false.
        identifiers: Option<bool>,
        /// Maximum number of rows. Default 50.
        limit: Option<Rows<200>>,
        cursor: Option<Cursor>, include_bots: Option<IncludeBots>,
    }
    Realtime {
        /// Only events of this name.
        event: Option<Text<MAX_EVENT>>,
        filters: Option<Filters>, include_bots: Option<IncludeBots>,
    }
    ListEvents {
        /// Only this event.
        event: Option<Text<MAX_EVENT>>,
    }
    ExplainSource {
        /// Address of the visited page, with its parameters.
        url: Text<2048>,
        /// Address of the previous page. Default none.
        #[schemars(length(max = 2048))]
        referrer: Option<String>,
    }
    Usage {
        /// First month, such as 2026-10. Default: this month.
        #[schemars(length(min = 7, max = 7))]
        from: Option<String>,
        /// The month after the last one, such as 2026-12. Default: the month after `from`.
        #[schemars(length(min = 7, max = 7))]
        to: Option<String>,
    }
    TrackEvent {
        /// Name of the event.
        event: Text<MAX_EVENT>,
        /// Makes a retry harmless, together with `timestamp`.
        event_id: Option<Text<128>>,
        /// ISO 8601, or milliseconds since 1970. Default: now.
        #[schemars(extend("type" = ["string", "integer"], "maxLength" = 40))]
        timestamp: Option<String>,
        anonymous_id: Option<Text<128>>, user_id: Option<Text<256>>, session_id: Option<Text<128>>,
        #[schemars(length(max = 2048))]
        url: Option<String>,
        #[schemars(length(max = 2048))]
        referrer: Option<String>,
        #[schemars(length(max = 2048))]
        path: Option<String>,
        #[schemars(length(max = 512))]
        title: Option<String>,
        /// Up to 8 KiB as JSON.
        properties: Option<Map<String, Value>>,
        revenue: Option<Revenue>,
    }
    Revenue {
        #[schemars(extend("type" = ["number", "string"], "maxLength" = 40))]
        amount: f64,
        /// ISO 4217.
        #[schemars(length(min = 3, max = 3))]
        currency: String,
    }
    Nothing {}
    Explained {
        source: String, medium: String, channel: String, campaign: String, term: String, content: String,
        click_id: String, referrer_host: String, confidence: String, rule_id: String,
        /// Why this rule decides.
        why: String,
        classifier_version: String,
    }
    Tracked { ok: bool, event_id: String, code: Option<String>, detail: Option<String>, }
    ListedProjects { projects: Vec<ListedProject>, }
    ListedProject { id: String, slug: String, name: String, timezone: String, }
    UsageAnswer {
        organization_id: Option<String>, plan: Map<String, Value>,
        /// Events of each project, data set and month.
        rows: Vec<Map<String, Value>>,
    }
    ListedSegments {
        /// Name, description and filters of each.
        segments: Vec<Map<String, Value>>,
    }
}
