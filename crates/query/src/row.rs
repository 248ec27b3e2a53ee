//! An event as its owner sees it: every column, as JSON and as flat columns.

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Text.
    Text,
    /// An instant.
    Time,
    /// 64 bits, which do not fit a JSON number everywhere; nothing where 0.
    Hash,
    /// An amount and its currency, which are two columns.
    Money,
    /// An object as it was sent; nothing where none was.
    Json,
}
use Holds::{Hash, Json, Money, Text, Time};

/// All columns, in the order they are told.
pub const COLUMNS: &[(&str, Holds)] = &[
    ("event_id", Text),
    ("event", Text),
    ("timestamp", Time),
    ("received_at", Time),
    ("anonymous_id", Text),
    ("user_id", Text),
    ("session_id", Text),
    ("visitor_hash", Hash),
    ("url", Text),
    ("host", Text),
    ("path", Text),
    ("title", Text),
    ("referrer", Text),
    ("referrer_host", Text),
    ("source", Text),
    ("medium", Text),
    ("channel", Text),
    ("campaign", Text),
    ("term", Text),
    ("content", Text),
    ("click_id", Text),
    ("rule_id", Text),
    ("confidence", Text),
    ("classifier_version", Text),
    ("country", Text),
    ("region", Text),
    ("city", Text),
    ("language", Text),
    ("device_type", Text),
    ("browser", Text),
    ("browser_version", Text),
    ("os", Text),
    ("os_version", Text),
    ("bot_class", Text),
    ("revenue", Money),
    ("properties", Json),
];

/// An instant of the store as ISO 8601 with `Z`.
pub(super) fn iso(column: &str) -> String {
    format!("concat(replaceOne(toString({column}), ' ', 'T'), 'Z')")
}

/// The row of `events` as the text of a JSON object. Properties stand in it as they were sent, to the byte; in
/// `one_line`, line breaks between their members become blanks.
pub fn object(one_line: bool) -> String {
    let members: Vec<String> = COLUMNS
        .iter()
        .map(|(name, holds)| {
            let column = format!("events.{name}");
            let value = match holds {
                Text => format!("toJSONString(toString({column}))"),
                Time => format!("'\"', {}, '\"'", iso(&column)),
                Hash => format!("'\"', if({column} = 0, '', toString({column})), '\"'"),
                // The amount as text: a number could lose digits on the way.
                Money => format!(
                    "if({column} IS NULL, 'null', concat('{{\"amount\":\"', toString(ifNull({column}, 0)), \
                     '\",\"currency\":', toJSONString(toString(events.currency)), '}}'))"
                ),
                Json if one_line => format!("if({column} = '', '{{}}', translate({column}, '\\n\\r', '  '))"),
                Json => format!("if({column} = '', '{{}}', {column})"),
            };
            format!("'\"{name}\":', {value}")
        })
        .collect();
    format!("concat('{{', {}, '}}')", members.join(", ',', "))
}

/// The row as flat columns; `typed`: instants stay instants, else they are texts.
pub(super) fn columns(typed: bool) -> String {
    let columns: Vec<String> = COLUMNS
        .iter()
        .map(|(name, holds)| {
            let column = format!("events.{name}");
            match holds {
                Time if typed => format!("{column} AS {name}"),
                Time => format!("{} AS {name}", iso(&column)),
                Hash => format!("if({column} = 0, '', toString({column})) AS {name}"),
                Money => format!("{column} AS {name}, toString(events.currency) AS currency"),
                Text | Json => format!("toString({column}) AS {name}"),
            }
        })
        .collect();
    columns.join(", ")
}

/// The names of the flat columns as a line of CSV.
pub(super) fn header() -> String {
    let names = COLUMNS.iter().flat_map(|(name, holds)| match holds {
        Money => vec![*name, "currency"],
        _ => vec![*name],
    });
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    format!("{}\n", names.join(","))
}
