//! The small grammar of PostgREST's query strings: lists, quotes, names.

use super::error::Error;

/// Splits at a separator that stands outside of quotes and parentheses.
pub(super) fn split(text: &str, separator: char) -> Result<Vec<&str>, Error> {
    let mut parts = Vec::new();
    let mut depth = 0_u32;
    let mut quoted = false;
    let mut escaped = false;
    let mut start = 0;
    let mut before = None;
    for (at, character) in text.char_indices() {
        let before = before.replace(character);
        if escaped {
            escaped = false;
            continue;
        }
        match character {
            '\\' if quoted => escaped = true,
            '"' if quoted => quoted = false,
            // Within a word a quote is a character like any other.
            '"' if before.is_none_or(|before| before == separator || "(.:{".contains(before)) => quoted = true,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.checked_sub(1).ok_or_else(|| unbalanced(text))?,
            _ if character == separator && !quoted && depth == 0 => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + character.len_utf8();
            }
            _ => {}
        }
    }
    if quoted || depth > 0 {
        return Err(unbalanced(text));
    }
    parts.push(text.get(start..).unwrap_or_default());
    Ok(parts)
}

/// A name as such or in double quotes, where a backslash keeps the next character.
pub(super) fn unquote(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).filter(|_| text.len() > 1) else {
        return text.to_owned();
    };
    let mut name = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => name.extend(characters.next()),
            other => name.push(other),
        }
    }
    name
}

/// The name of a plain column.
///
/// # Errors
/// 501 for paths into JSON, embedded resources and aggregates.
pub(super) fn column(text: &str) -> Result<String, Error> {
    let text = text.trim();
    let quoted = text.starts_with('"');
    if !quoted && (text.contains("->") || text.contains(['(', ')', '!', '.', '"'])) {
        return Err(Error::unsupported(format!(
            "'{text}' is not a plain column: JSON paths, embedding and aggregates are not supported"
        )));
    }
    let name = unquote(text);
    if name.is_empty() {
        return Err(Error::unreadable("a column name is missing", format!("unexpected text: '{text}'")));
    }
    Ok(name)
}

/// A comma-separated list of plain columns.
pub(super) fn columns(text: &str) -> Result<Vec<String>, Error> {
    split(text, ',')?.into_iter().map(column).collect()
}

fn unbalanced(text: &str) -> Error {
    Error::unreadable("quotes or parentheses do not match", format!("in '{text}'"))
}
