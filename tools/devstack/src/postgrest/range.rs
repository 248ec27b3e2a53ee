//! Which rows: `Range`, `limit`, `offset`, and the `Content-Range` of the answer.

use axum::http::{HeaderMap, StatusCode};

use super::error::Error;

/// A window on the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Range {
    /// Rows left out before it.
    pub(super) offset: u64,
    /// Rows in it at most.
    pub(super) limit: Option<u64>,
}

impl Range {
    /// The rows that the header and the parameters both ask for.
    pub(super) fn parse(header: Option<&str>, limit: Option<&str>, offset: Option<&str>) -> Result<Self, Error> {
        let asked = header.and_then(parse_header);
        if asked.is_some_and(|(first, last)| last.is_some_and(|last| last < first)) {
            return Err(unsatisfiable(
                "The lower boundary must be lower than or equal to the upper boundary in the Range header.",
            ));
        }
        let offset = offset.map(|text| number("offset", text)).transpose()?.unwrap_or_default();
        let limit = limit.map(|text| number("limit", text)).transpose()?;
        let (first, last) = asked.unwrap_or((0, None));
        let start = first.max(offset);
        let ends = [last.map(|last| last.saturating_add(1)), limit.map(|limit| offset.saturating_add(limit))];
        let end = ends.into_iter().flatten().min();
        Ok(Self { offset: start, limit: end.map(|end| end.saturating_sub(start)) })
    }

    /// The header of a request whose method reads.
    pub(super) fn header(headers: &HeaderMap) -> Option<&str> {
        headers.get("range").and_then(|value| value.to_str().ok())
    }

    /// Status and `Content-Range` of an answer with `rows` rows of `total`.
    pub(super) fn answer(&self, rows: i64, total: Option<i64>) -> Result<(StatusCode, String), Error> {
        let lower = i64::try_from(self.offset).unwrap_or(i64::MAX);
        let upper = lower.saturating_add(rows) - 1;
        let status = match total {
            Some(total) if lower > total => {
                return Err(unsatisfiable(format!(
                    "An offset of {lower} was requested, but there are only {total} rows."
                )));
            }
            Some(total) if rows < total => StatusCode::PARTIAL_CONTENT,
            _ => StatusCode::OK,
        };
        Ok((status, content_range(lower, upper, total)))
    }
}

/// `0-24/100`, with `*` for what is empty or not counted.
pub(super) fn content_range(lower: i64, upper: i64, total: Option<i64>) -> String {
    let rows = if lower <= upper && total != Some(0) { format!("{lower}-{upper}") } else { "*".to_owned() };
    let total = total.map_or_else(|| "*".to_owned(), |total| total.to_string());
    format!("{rows}/{total}")
}

/// `0-24` or `10-`. PostgREST takes any other text for no range at all.
fn parse_header(text: &str) -> Option<(u64, Option<u64>)> {
    let (first, last) = text.trim().split_once('-')?;
    let last = if last.is_empty() { None } else { Some(last.parse().ok()?) };
    Some((first.parse().ok()?, last))
}

fn number(name: &str, text: &str) -> Result<u64, Error> {
    if name == "limit" && text.parse::<i64>().is_ok_and(|limit| limit < 0) {
        return Err(unsatisfiable("Limit should be greater than or equal to zero."));
    }
    text.parse::<u32>().map(u64::from).map_err(|_| {
        Error::unreadable(format!("\"failed to parse {name} parameter ({text})\""), "a whole number is expected")
    })
}

fn unsatisfiable(details: impl Into<String>) -> Error {
    Error::new(StatusCode::RANGE_NOT_SATISFIABLE, "PGRST103", "Requested range not satisfiable").details(details)
}

#[cfg(test)]
mod tests {
    use super::{Range, content_range};

    #[test]
    fn header_and_parameters_are_intersected() {
        let range =
            |header, limit, offset| Range::parse(header, limit, offset).map(|range| (range.offset, range.limit));
        assert_eq!(range(None, None, None).unwrap(), (0, None));
        assert_eq!(range(Some("0-9"), None, None).unwrap(), (0, Some(10)));
        assert_eq!(range(Some("5-"), None, None).unwrap(), (5, None));
        assert_eq!(range(Some("0-9"), Some("3"), Some("2")).unwrap(), (2, Some(3)));
        assert_eq!(range(Some("nonsense"), Some("0"), None).unwrap(), (0, Some(0)));
        assert!(range(Some("9-0"), None, None).is_err());
        assert!(range(None, Some("-1"), None).is_err());
        assert!(range(None, Some("1;drop"), None).is_err());
    }

    #[test]
    fn content_range_says_what_is_not_known() {
        assert_eq!(content_range(0, 24, None), "0-24/*");
        assert_eq!(content_range(0, -1, Some(0)), "*/0");
        assert_eq!(content_range(10, 9, Some(5)), "*/5");
    }
}
