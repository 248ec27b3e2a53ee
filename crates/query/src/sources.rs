//! Where visitors come from: the question of `GET /v1/sources`.

use serde_json::json;

use super::fault::Fault;
use super::given::{Given, Parameters, place};
use super::model::{MAX_LIMIT, Query};
use super::read::{World, read};

/// Parameters that are taken.
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

/// Reads a query string as the question it stands for: events, visitors and the share of paid events by
/// source, most visitors first.
///
/// # Errors
/// The parameter at fault and what it takes.
pub fn sources(query: &str, world: World<'_>) -> Result<Query, Fault> {
    let given = Given::read(query, KNOWN)?;
    let mut members = Parameters::about_events(&given, MAX_LIMIT)?;
    let dimensions = match given.text("breakdown") {
        None | Some("source_medium") => json!(["source", "medium"]),
        Some("source") => json!(["source"]),
        Some("channel") => json!(["channel"]),
        Some(_) => return Err(place("breakdown").fault("must be source_medium, source or channel")),
    };
    members.set("dimensions", "breakdown", dimensions);
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
    fn what_is_not_taken_is_named() {
        for (query, path) in [("breakdown=city", "?breakdown"), ("metric=users", "?metric"), ("limit=0", "?limit")] {
            assert_eq!(sources(query, WORLD).unwrap_err().path, path, "{query}");
        }
    }
}
