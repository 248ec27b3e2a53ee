//! A question from GET parameters.

use std::borrow::Cow;

use super::model::{Dimension, Interval, MAX_RANGE_DAYS, Metric, Query};
use crate::error::{ApiError, ErrorCode};
use crate::time::{DAY_MS, Day, Timestamp};

/// Most columns to group by (contract, "Limits").
const MAX_GROUP_BY: usize = 10;
const MAX_LIMIT: u32 = 10_000;
const DEFAULT_LIMIT: u32 = 1000;
/// Without `from` the last 30 days are meant, today included.
const DEFAULT_DAYS: i64 = 30;
const KNOWN: &[&str] = &["project", "metric", "from", "to", "event", "bots", "group_by", "interval", "limit"];

/// Reads `metric`, `from`, `to`, `event`, `group_by`, `interval`, `limit` from a query string.
///
/// # Errors
/// `invalid_params` with the parameter at fault and what it takes; `invalid_group_by` with the allowed
/// columns. A parameter that is unknown or repeated is an error too: a misspelt filter must not answer
/// another question.
pub fn parse(query: &str, now: Timestamp) -> Result<Query, ApiError> {
    let mut values: [Option<Cow<'_, str>>; 9] = Default::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let Some(index) = KNOWN.iter().position(|known| *known == name) else {
            let shown: String = name.chars().take(64).collect();
            return Err(ApiError::param(&shown, format!("is not known; allowed are {}", KNOWN.join(", "))));
        };
        if let Some(slot) = values.get_mut(index)
            && slot.replace(value).is_some()
        {
            return Err(ApiError::param(&name, "must stand only once; separate several values by commas"));
        }
    }
    let [project, metric, from, to, event, bots, group_by, interval, limit] = values;

    let metrics =
        list(metric.as_deref().unwrap_or("events"))
            .map(|name| {
                Metric::ALL.iter().copied().find(|metric| metric.as_str() == name).ok_or_else(|| {
                    ApiError::param("metric", format!("must be of {}", names(Metric::ALL, Metric::as_str)))
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
    if has_repeats(&metrics) || metrics.is_empty() {
        return Err(ApiError::param("metric", "must name each metric once"));
    }
    let group_by = list(group_by.as_deref().unwrap_or(""))
        .map(|name| {
            Dimension::ALL.iter().copied().find(|dimension| dimension.as_str() == name).ok_or_else(|| {
                let allowed = names(Dimension::ALL, Dimension::as_str);
                let message = format!("must be of {allowed}");
                ApiError::new(ErrorCode::InvalidGroupBy, format!("group_by: {message}")).field("?group_by", message)
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    if group_by.len() > MAX_GROUP_BY || has_repeats(&group_by) {
        return Err(ApiError::param("group_by", format!("must name at most {MAX_GROUP_BY} columns, each once")));
    }
    let interval = interval
        .map(|name| {
            Interval::ALL.iter().copied().find(|interval| interval.as_str() == name).ok_or_else(|| {
                let allowed = names(Interval::ALL, Interval::as_str);
                ApiError::param("interval", format!("must be one of {allowed}"))
            })
        })
        .transpose()?;
    let limit = match limit {
        None => DEFAULT_LIMIT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .ok_or_else(|| ApiError::param("limit", format!("must be a whole number from 1 to {MAX_LIMIT}")))?,
    };
    let event = event.map(Cow::into_owned);
    if event.as_ref().is_some_and(|event| event.is_empty() || event.chars().count() > 128) {
        return Err(ApiError::param("event", "must have 1 to 128 characters"));
    }

    let bots = match bots.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(ApiError::param("bots", "must be true or false")),
    };
    let to = instant("to", to.as_deref())?.unwrap_or(now);
    let from =
        instant("from", from.as_deref())?.unwrap_or_else(|| Day(to.day().0).start().plus(-(DEFAULT_DAYS - 1) * DAY_MS));
    if from >= to {
        return Err(ApiError::param("from", "must lie before to"));
    }
    if to.0 - from.0 > MAX_RANGE_DAYS * DAY_MS {
        return Err(ApiError::param("from", "must lie at most five years before to"));
    }
    let project = project.map(Cow::into_owned).filter(|project| !project.is_empty());
    Ok(Query { project, metrics, from, to, event, bots, group_by, interval, limit })
}

fn instant(name: &'static str, value: Option<&str>) -> Result<Option<Timestamp>, ApiError> {
    const FORM: &str = "must be ISO 8601 (2026-11-21 or 2026-11-21T10:00:00Z) or milliseconds since 1970";
    let Some(text) = value else { return Ok(None) };
    let digits = text.parse::<i64>().ok().filter(|ms| (0..=crate::time::LAST_MS).contains(ms)).map(Timestamp);
    Timestamp::parse_iso(text).or(digits).map(Some).ok_or_else(|| ApiError::param(name, FORM))
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

fn names<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> String {
    all.iter().map(|one| name(*one)).collect::<Vec<_>>().join(", ")
}

fn has_repeats<T: PartialEq>(items: &[T]) -> bool {
    items.iter().enumerate().any(|(index, item)| items.iter().skip(index + 1).any(|other| other == item))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp(1_795_255_200_000);

    #[test]
    fn without_parameters_the_last_thirty_days_are_counted() {
        let query = parse("", NOW).unwrap();
        assert_eq!(query.metrics, [Metric::Events]);
        assert_eq!((query.from.to_iso().as_str(), query.to), ("2026-10-23T00:00:00.000Z", NOW));
    }

    #[test]
    fn everything_at_once() {
        let query = parse(
            "metric=visitors,events&from=2026-11-01&to=1795255200000&event=sign%20up&group_by=source,medium\
             &interval=week&limit=5",
            NOW,
        )
        .unwrap();
        assert_eq!(query.metrics, [Metric::Visitors, Metric::Events]);
        assert_eq!(query.group_by, [Dimension::Source, Dimension::Medium]);
        assert_eq!((query.event.as_deref(), query.interval, query.limit), (Some("sign up"), Some(Interval::Week), 5));
    }

    #[test]
    fn what_is_wrong_is_said_with_what_is_allowed() {
        for (query, code, path, said) in [
            ("metric=users", ErrorCode::InvalidParams, "?metric", "visitors"),
            ("metric=", ErrorCode::InvalidParams, "?metric", "each metric once"),
            ("group_by=password", ErrorCode::InvalidGroupBy, "?group_by", "referrer_host"),
            ("group_by=source,source", ErrorCode::InvalidParams, "?group_by", "once"),
            ("interval=second", ErrorCode::InvalidParams, "?interval", "hour, day, week, month"),
            ("limit=0", ErrorCode::InvalidParams, "?limit", "10000"),
            ("limit=1000000000", ErrorCode::InvalidParams, "?limit", "10000"),
            ("from=soon", ErrorCode::InvalidParams, "?from", "ISO 8601"),
            ("from=2026-11-21&to=2026-11-21", ErrorCode::InvalidParams, "?from", "before"),
            ("from=1926-11-21", ErrorCode::InvalidParams, "?from", "five years"),
            ("metrc=events", ErrorCode::InvalidParams, "?metrc", "metric"),
            ("metric=events&metric=events", ErrorCode::InvalidParams, "?metric", "once"),
            ("project_id=other", ErrorCode::InvalidParams, "?project_id", "allowed"),
        ] {
            let error = parse(query, NOW).unwrap_err();
            assert_eq!((error.code, error.fields[0].path.as_str()), (code, path), "{query}");
            assert!(error.detail.contains(said), "{query}: {}", error.detail);
        }
    }

    proptest! {
        #[test]
        fn no_query_string_panics(query in ".{0,80}") {
            let _ = parse(&query, NOW);
        }
    }
}
