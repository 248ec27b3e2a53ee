//! The question of `GET /v1/sources`: where visitors come from.

use serde_json::json;

use super::fault::Fault;
use super::given::{Given, Parameters, place};
use super::member::{Member as _, words};
use super::model::{MAX_LIMIT, Query};
use super::read::read;
use super::world::World;

/// Allowed parameters.
pub const KNOWN: &[&str] = &[
    "project",
    "breakdown",
    "from",
    "to",
    "date_range",
    "timezone",
    "event",
    "filters",
    "bots",
    "compare",
    "limit",
    "cursor",
];

words! {
    /// How sources are grouped: the parameter `breakdown`, and `by` of the tool `top_sources`.
    pub enum SourcesBy {
        /// By source and medium.
        SourceMedium = "source_medium",
        /// By source.
        Source = "source",
        /// By medium.
        Medium = "medium",
        /// By channel.
        Channel = "channel",
        /// By campaign.
        Campaign = "campaign",
        /// By the host of the referrer.
        ReferrerHost = "referrer_host",
    }
}

impl SourcesBy {
    /// The dimensions to group by.
    pub fn dimensions(self) -> &'static [&'static str] {
        match self {
            Self::SourceMedium => &["source", "medium"],
            Self::Source => &["source"],
            Self::Medium => &["medium"],
            Self::Channel => &["channel"],
            Self::Campaign => &["campaign"],
            Self::ReferrerHost => &["referrer_host"],
        }
    }
}

/// Parses a query string into the question it is short for: events, visitors and the share of paid events by source,
/// most visitors first.
///
/// # Errors
/// The parameter that is invalid, unknown or repeated, and what is allowed.
pub fn sources(query: &str, world: World<'_>) -> Result<Query, Fault> {
    let given = Given::read(query, KNOWN)?;
    let mut members = Parameters::about_events(&given, MAX_LIMIT)?;
    let by = given.text("breakdown").map(|name| SourcesBy::read(&name.into(), &place("breakdown"), world));
    let by = by.transpose()?.unwrap_or(SourcesBy::SourceMedium);
    members.set("dimensions", "breakdown", json!(by.dimensions()));
    members.set("metrics", "breakdown", json!(["events", "visitors", "paid_share"]));
    members.set("order_by", "breakdown", json!([["visitors", "desc"]]));
    if let Some(text) = given.text("compare") {
        let value = if text.starts_with('[') { given.json("compare")? } else { Some(text.into()) };
        members.set("compare", "compare", value.unwrap_or_default());
    }
    read(&members, world)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Direction, Key, Metric};
    use intake::time::Timestamp;

    const WORLD: World<'static> = World {
        now: Timestamp(1_795_255_200_000),
        timezone: "UTC",
        offset_at: crate::zone::host_offset,
        segments: crate::Segments::Closed,
    };

    #[test]
    fn it_is_the_same_question_as_in_full() {
        let asked = sources("breakdown=channel&date_range=7d&event=signup&limit=3", WORLD).unwrap();
        let full = "metric=events,visitors,paid_share&group_by=channel&date_range=7d&event=signup&limit=3\
                    &order_by=[[%22visitors%22,%22desc%22]]";
        assert_eq!(asked, crate::from_parameters(full, WORLD).unwrap());
        assert_eq!(asked.order_by[0], (Key::Metric(Metric::Visitors), Direction::Desc));
        assert_eq!(sources("", WORLD).unwrap().dimensions.len(), 2);
    }

    #[test]
    fn every_breakdown_groups_by_its_columns() {
        for by in SourcesBy::ALL {
            let asked = sources(&format!("breakdown={}", by.as_str()), WORLD).unwrap();
            let keys: Vec<String> = asked.dimensions.iter().map(crate::Dimension::key).collect();
            assert_eq!(keys, by.dimensions());
        }
        let refused = sources("breakdown=referer_host", WORLD).unwrap_err().message;
        assert!(
            refused.starts_with("unknown value \"referer_host\"; did you mean \"referrer_host\"? Allowed: "),
            "{refused}"
        );
    }

    #[test]
    fn what_is_not_taken_is_named() {
        for (query, path) in [("breakdown=city", "?breakdown"), ("metric=users", "?metric"), ("limit=0", "?limit")] {
            assert_eq!(sources(query, WORLD).unwrap_err().path, path, "{query}");
        }
    }
}
