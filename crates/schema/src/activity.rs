//! The table of events that are no activity: events that Headwater itself defines, whose names begin with `$`
//! (`docs/concepts.md`, "Which events are activity").

/// Name of a page view.
pub const PAGEVIEW: &str = "pageview";
/// Name of the event that says whom a device belongs to.
pub const IDENTIFY: &str = "$identify";

/// The condition over `events` for events that link a device to a person.
pub const LINK: &str = "event = '$identify' AND anonymous_id != '' AND user_id != ''";

/// Whether an event counts for rate, usage and quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metered {
    /// Always.
    Yes,
    /// Where a human sent it.
    Human,
    /// Never.
    No,
}

/// An event that is no activity: it makes no session longer than a bounce, and is no step of a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Its name.
    pub event: &'static str,
    /// Whether it counts for rate, usage and quota.
    pub metered: Metered,
}

impl Activity {
    /// All events that are no activity. Any other name is activity.
    pub const NONE: &'static [Self] = &[
        Self { event: IDENTIFY, metered: Metered::Yes },
        Self { event: "$group", metered: Metered::Yes },
        Self { event: "$alias", metered: Metered::Yes },
        Self { event: "$engagement", metered: Metered::No },
        Self { event: "$vitals", metered: Metered::No },
        Self { event: "$click", metered: Metered::Human },
        Self { event: "$impression", metered: Metered::Human },
        Self { event: "$postback", metered: Metered::Human },
        Self { event: "$fetch", metered: Metered::No },
    ];
}

/// The condition for events that are activity; `column` holds the event's name.
pub fn is_activity(column: &str) -> String {
    format!("{column} NOT IN ({})", list(|_| true))
}

/// The condition for page views; `column` holds the event's name.
pub fn is_pageview(column: &str) -> String {
    format!("{column} = '{PAGEVIEW}'")
}

/// The condition over `events` for events that count for rate, usage and quota.
pub fn is_metered() -> String {
    let (never, human) = (list(|metered| metered == Metered::No), list(|metered| metered == Metered::Human));
    format!("event NOT IN ({never}) AND (bot_class = '' OR event NOT IN ({human}))")
}

/// Names of the table as they stand in SQL.
fn list(wanted: impl Fn(Metered) -> bool) -> String {
    let names: Vec<String> =
        Activity::NONE.iter().filter(|one| wanted(one.metered)).map(|one| format!("'{}'", one.event)).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ours_and_safe_in_sql() {
        for Activity { event, .. } in Activity::NONE {
            let name = event.strip_prefix('$').unwrap();
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase()), "{event}");
        }
        assert!(LINK.starts_with(&format!("event = '{IDENTIFY}' AND ")));
    }

    #[test]
    fn conditions() {
        assert_eq!(
            is_activity("one.event"),
            "one.event NOT IN ('$identify', '$group', '$alias', '$engagement', '$vitals', '$click', '$impression', \
             '$postback', '$fetch')"
        );
        assert_eq!(
            is_metered(),
            "event NOT IN ('$engagement', '$vitals', '$fetch') AND (bot_class = '' OR event NOT IN ('$click', \
             '$impression', '$postback'))"
        );
    }
}
