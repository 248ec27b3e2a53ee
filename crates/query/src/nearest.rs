//! Messages for unknown names, with suggestions.

use serde_json::Value;

/// Maximum number of characters of a caller's text that an error repeats.
const MAX_SHOWN: usize = 64;
/// A suggestion changes at most this part of the name: one character in three.
const MAX_CHANGED: usize = 3;

/// The message for a value outside of a closed list: the value, the nearest allowed name if one is near, all names.
pub fn unknown<'a>(value: &Value, names: impl Iterator<Item = &'a str>) -> String {
    unknown_among(value, &names.collect::<Vec<_>>())
}

fn unknown_among(value: &Value, names: &[&str]) -> String {
    let all = names.join(", ");
    let Some(text) = value.as_str() else { return format!("must be one of: {all}") };
    let shown: String = text.chars().take(MAX_SHOWN).collect();
    let near = suggestion(names, &shown);
    format!("unknown value {}{} Allowed: {all}", Value::from(shown), near.as_deref().unwrap_or("."))
}

/// The message for an unknown member or parameter.
pub fn unknown_member(name: &str, allowed: &[&str]) -> String {
    let near = suggestion(allowed, name);
    format!("is unknown{} Allowed: {}", near.as_deref().unwrap_or("."), allowed.join(", "))
}

/// `; did you mean "visitors"?` if a name is near.
fn suggestion(names: &[&str], wanted: &str) -> Option<String> {
    let wanted = wanted.to_lowercase();
    let apart = |name: &str| distance(&name.to_lowercase(), &wanted);
    let (changes, near) = names.iter().map(|name| (apart(name), *name)).min_by_key(|(changes, _)| *changes)?;
    (changes * MAX_CHANGED <= near.chars().count()).then(|| format!("; did you mean \"{near}\"?"))
}

/// Up to `most` names nearest to the wanted one, nearest first. Case is ignored.
pub fn nearest<'a>(names: impl Iterator<Item = &'a str>, wanted: &str, most: usize) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut near: Vec<(usize, &str)> = Vec::new();
    for name in names {
        let apart = distance(&name.to_lowercase(), &wanted);
        near.insert(near.partition_point(|(other, _)| *other <= apart), (apart, name));
        near.truncate(most);
    }
    near.into_iter().map(|(_, name)| name).collect()
}

/// The Levenshtein distance: how many characters to insert, delete or replace.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, character) in one.chars().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        for (slot, against) in row.iter_mut().skip(1).zip(&other) {
            let replaced = diagonal + usize::from(character != *against);
            diagonal = *slot;
            left = replaced.min(*slot + 1).min(left + 1);
            *slot = left;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_value_is_named_with_what_is_allowed() {
        let names = ["events", "visitors", "bounce_rate"];
        let message = |value: Value| unknown(&value, names.into_iter());
        let all = "Allowed: events, visitors, bounce_rate";
        assert_eq!(message("visitor".into()), format!("unknown value \"visitor\"; did you mean \"visitors\"? {all}"));
        assert_eq!(message("x".into()), format!("unknown value \"x\". {all}"));
        assert_eq!(message(7.into()), "must be one of: events, visitors, bounce_rate");
        assert!(message("\"".repeat(100).into()).contains(&"\\\"".repeat(64)));
    }

    #[test]
    fn the_nearest_name_needs_the_fewest_changes() {
        for (one, other, apart) in [("", "", 0), ("abc", "", 3), ("", "ab", 2), ("kitten", "sitting", 3), ("ä", "a", 1)]
        {
            assert_eq!(distance(one, other), apart, "{one} {other}");
        }
    }
}
