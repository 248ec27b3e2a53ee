//! Errors about regular expressions. Only ClickHouse can check RE2 syntax, so an invalid pattern is found when the
//! statement runs. ClickHouse's message contains the pattern; this module finds its path in the question.

use serde_json::{Map, Value};

use super::fault::Path;
use intake::error::{ApiError, ErrorCode, FieldError};

/// The text before and after the pattern in ClickHouse's message.
const WORDS: (&str, &str) = ("cannot compile re2: ", ", error: ");

/// The error for a pattern that ClickHouse refused with the message `words`. [`placed`] adds its path.
pub fn bad_pattern(words: String) -> ApiError {
    ApiError::new(ErrorCode::InvalidParams, "invalid regular expression (RE2 syntax)")
        .field("/filters", "must hold regular expressions in RE2 syntax")
        .because(words)
}

/// Adds the pattern's path in a question's body, if the error is about a pattern.
pub fn placed(error: ApiError, body: &Value) -> ApiError {
    at(error, body, |path| path)
}

/// Adds the pattern's parameter, if the error is about a pattern.
pub fn placed_in_parameters(error: ApiError, query: &str) -> ApiError {
    let mut given: Map<String, Value> = Map::new();
    given.extend(
        form_urlencoded::parse(query.as_bytes())
            .filter_map(|(name, text)| serde_json::from_str(&text).ok().map(|value| (name.into_owned(), value))),
    );
    at(error, &given.into(), |path| format!("?{}", path.trim_start_matches('/').split('/').next().unwrap_or_default()))
}

fn at(mut error: ApiError, question: &Value, shown_as: impl Fn(String) -> String) -> ApiError {
    let words = error.internal.as_deref().filter(|_| error.code == ErrorCode::InvalidParams);
    if let Some((_, words)) = words.and_then(|words| words.split_once(WORDS.0)) {
        let path = find(question, &Path::new(""), words).map(shown_as);
        for (field, path) in error.fields.iter_mut().zip(path) {
            *field = FieldError { path, message: field.message.clone() };
        }
    }
    error
}

/// The path of the first pattern below `path` that `words` start with.
fn find(value: &Value, path: &Path<'_>, words: &str) -> Option<String> {
    let inside = |(index, item): (usize, &Value)| find(item, &path.index(index), words);
    match value {
        Value::Array(items) => match items.as_slice() {
            [Value::String(operator), _, Value::Array(patterns)] if operator == "matches" => {
                patterns.iter().any(|pattern| is_named(pattern, words)).then(|| path.index(2).to_text())
            }
            [Value::String(operator), _, pattern] if operator == "matches" => {
                is_named(pattern, words).then(|| path.index(2).to_text())
            }
            _ => items.iter().enumerate().find_map(inside),
        },
        Value::Object(members) => members.iter().find_map(|(name, item)| find(item, &path.member(name), words)),
        _ => None,
    }
}

fn is_named(pattern: &Value, words: &str) -> bool {
    // Long messages are cut before they get here.
    let is_cut = || !words.contains(WORDS.1);
    pattern.as_str().is_some_and(|pattern| {
        words.strip_prefix(pattern).is_some_and(|rest| rest.starts_with(WORDS.1))
            || is_cut() && pattern.starts_with(words.trim_end_matches(char::REPLACEMENT_CHARACTER))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The error of a statement with this pattern.
    fn refused(pattern: &str) -> ApiError {
        let message =
            format!("Code: 427. DB::Exception: cannot compile re2: {pattern}, error: missing ]: [. Look at …");
        bad_pattern(message.chars().take(500).collect())
    }

    #[test]
    fn the_place_is_that_of_the_pattern_the_store_names() {
        let step = |pattern: &str| json!(["and", [["not", ["matches", "path", ["x", pattern]]]]]);
        let body = json!({
            "steps": [["is", "path", "(["], step("(["), step("([, error: ")], "filters": [["matches", "title", "[a"]],
        });
        let place = |pattern: &str| placed(refused(pattern), &body).fields.remove(0).path;
        assert_eq!(place("(["), "/steps/1/1/0/1/2");
        assert_eq!(place("[a"), "/filters/0/2");
        assert_eq!(place("unknown"), "/filters");
        let long = format!("({}", "x".repeat(600));
        let body = json!({ "return": ["matches", "path", long] });
        assert_eq!(placed(refused(&long), &body).fields[0].path, "/return/2");
    }

    #[test]
    fn a_parameter_is_one_place() {
        let query = "event=a&goal=[%22matches%22,%22path%22,%22([%22]&metric=events";
        assert_eq!(placed_in_parameters(refused("(["), query).fields[0].path, "?goal");
    }

    #[test]
    fn other_errors_stay_as_they_are() {
        let error = ApiError::param("from", "is wrong");
        assert_eq!(placed(error, &json!({ "filters": [["matches", "path", "(["]] })).fields[0].path, "?from");
    }
}
