//! An event as its owner sees it: every column, as JSON and as flat columns.

use schema::Column;
use schema::Holds::{Hash, Json, Money, Text, Time};

/// An instant of the store as ISO 8601 with `Z`.
pub(super) fn iso(column: &str) -> String {
    format!("concat(replaceOne(toString({column}), ' ', 'T'), 'Z')")
}

/// The row of `events` as the text of a JSON object. Properties stand in it as they were sent, to the byte; in
/// `one_line`, line breaks between their members become blanks.
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

/// The names of the flat columns as a line of CSV.
pub(super) fn header() -> String {
    let names = Column::SHOWN.iter().flat_map(|shown| match shown.holds() {
        Money => vec![shown.as_str(), "currency"],
        _ => vec![shown.as_str()],
    });
    let names: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    format!("{}\n", names.join(","))
}
