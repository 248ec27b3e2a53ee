//! Stored events as SQL: every column, as a JSON object or as flat columns.

use schema::Column;
use schema::Holds::{Hash, Json, Money, Text, Time};

/// A time column as ISO 8601 with `Z`.
pub(super) fn iso(column: &str) -> String {
    format!("concat(replaceOne(toString({column}), ' ', 'T'), 'Z')")
}

/// The SQL expression of a row of `events` as a JSON object. Properties are included as they were sent, byte for byte.
/// With `one_line`, line breaks between their members become spaces.
pub fn object(one_line: bool) -> String {
    let members: Vec<String> = Column::SHOWN
        .iter()
        .map(|shown| {
            let name = shown.as_str();
            let column = format!("events.{name}");
            let value = match shown.holds() {
                Text => format!("toJSONString(toString({column}))"),
                Time => format!("'\"', {}, '\"'", iso(&column)),
                Hash => format!("'\"', if({column} = 0, '', toString({column})), '\"'"),
                // The amount as a string, because a JSON number could lose digits.
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

/// The SELECT list of a row as flat columns. If `typed`, timestamps keep their type; otherwise they are ISO 8601.
pub(super) fn columns(typed: bool) -> String {
    let columns: Vec<String> = Column::SHOWN
        .iter()
        .map(|shown| {
            let name = shown.as_str();
            let column = format!("events.{name}");
            match shown.holds() {
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

/// The names of the flat columns as the header line of a CSV file.
pub(super) fn header() -> String {
    let names = Column::SHOWN.iter().flat_map(|shown| match shown.holds() {
        Money => vec![shown.as_str(), "currency"],
        _ => vec![shown.as_str()],
    });
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    format!("{}\n", names.join(","))
}
