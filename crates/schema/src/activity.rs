//! The events that are not activity: events that Headwater itself defines. Their names start with `$`
//! (`docs/concepts.md#activity`).

/// Name of a page view.
pub const PAGEVIEW: &str = "pageview";
/// Name of the event that links a device to a user.
pub const IDENTIFY: &str = "$identify";

/// SQL condition on `events`: the event links a device to a user.
pub const LINK: &str = "event = '$identify' AND anonymous_id != '' AND user_id != ''";

/// Whether an event counts towards rate limit, usage and quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metered {
    /// Always.
    Yes,
    /// Only if it is not from a bot.
    Human,
    /// Never.
    No,
}

/// An event that is not activity: it does not prevent a bounce and is not a step of a journey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Name of the event.
    pub event: &'static str,
    /// Whether it counts for rate, usage and quota.
    pub metered: Metered,
}

impl Activity {
    /// All events that are not activity. Every other name is activity.
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

/// SQL condition: the event is activity. `column` has the event's name.
pub fn is_activity(column: &str) -> String {
    format!("{column} NOT IN ({})", list(|_| true))
}

/// SQL condition: the event is a page view. `column` has the event's name.
pub fn is_pageview(column: &str) -> String {
    format!("{column} = '{PAGEVIEW}'")
}

/// SQL condition on `events`: the event counts towards rate limit, usage and quota.
pub fn is_metered() -> String {
    let (never, human) = (list(|metered| metered == Metered::No), list(|metered| metered == Metered::Human));
    format!("event NOT IN ({never}) AND (bot_class = '' OR event NOT IN ({human}))")
}

/// The selected names as a list of SQL strings.
fn list(wanted: impl Fn(Metered) -> bool) -> String {
    let names: Vec<String> =
        Activity::NONE.iter().filter(|one| wanted(one.metered)).map(|one| format!("'{}'", one.event)).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_reserved_and_safe_in_sql() {
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
