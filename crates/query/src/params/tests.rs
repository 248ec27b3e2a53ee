use super::*;
use crate::{Column, Dimension, Filter, Interval, Metric, from_json};
use intake::error::{ApiError, ErrorCode};
use intake::time::Timestamp;
use proptest::prelude::*;

const WORLD: World<'static> = World {
    now: Timestamp(1_795_255_200_000),
    timezone: "UTC",
    offset_at: crate::zone::host_offset,
    segments: crate::Segments::Closed,
};

fn parse(query: &str) -> Result<Query, ApiError> {
    from_parameters(query, WORLD).map_err(ApiError::from)
}

#[test]
fn without_parameters_the_last_thirty_days_are_counted() {
    let query = parse("").unwrap();
    assert_eq!(query.metrics, [Metric::Events]);
    assert_eq!((query.range.from.to_iso().as_str(), query.range.to), ("2026-10-23T00:00:00.000Z", WORLD.now));
    assert_eq!(query.filter, Filter::And(Vec::new()));
}

#[test]
fn everything_at_once() {
    let query = parse(
        "metric=visitors,events&from=2026-11-01&to=1795255200000&event=sign%20up&group_by=source,prop:plan\
         &interval=week&limit=5&timezone=Europe/Berlin&compare=previous_period&include=totals&bots=true\
         &filters=[[%22is_not%22,%22country%22,[%22DE%22]]]&order_by=[[%22events%22,%22asc%22]]",
    )
    .unwrap();
    assert_eq!(query.metrics, [Metric::Visitors, Metric::Events]);
    let dimensions =
        [Dimension::Time(Interval::Week), Dimension::Column(Column::Source), Dimension::Property("plan".into())];
    assert_eq!(query.dimensions, dimensions);
    assert_eq!((query.zone.name.as_str(), query.limit), ("Europe/Berlin", 5));
    assert!(query.include.bots && query.include.totals && query.compare.is_some());
    assert!(matches!(&query.filter, Filter::And(list) if list.len() == 2));
}

#[test]
fn a_body_and_parameters_ask_the_same() {
    let body = serde_json::json!({
        "metrics": ["visitors"], "dimensions": ["source"], "date_range": "month",
        "filters": [["is", "event", ["signup"]]], "include": {"bots": false},
    });
    let mut asked = parse("metric=visitors&group_by=source&date_range=month&event=signup").unwrap();
    asked.order_by = from_json(&body, WORLD).unwrap().order_by;
    assert_eq!(asked, from_json(&body, WORLD).unwrap());
}

#[test]
fn what_is_wrong_is_said_with_what_is_allowed() {
    for (query, code, path, said) in [
        (
            "metric=visitor",
            ErrorCode::InvalidParams,
            "?metric",
            "unknown value \"visitor\"; did you mean \"visitors\"? Allowed: events",
        ),
        ("metric=", ErrorCode::InvalidParams, "?metric", "at least one metric"),
        ("group_by=password", ErrorCode::InvalidGroupBy, "?group_by", "referrer_host"),
        ("group_by=source,source", ErrorCode::InvalidParams, "?group_by", "once"),
        ("group_by=path&metric=bounce_rate", ErrorCode::InvalidGroupBy, "?group_by", "sessions have no path"),
        ("group_by=entry_path", ErrorCode::InvalidGroupBy, "?group_by", "events have no entry_path"),
        ("interval=second", ErrorCode::InvalidParams, "?interval", "hour, day, week, month"),
        ("interval=minute&from=2026-01-01", ErrorCode::InvalidParams, "?group_by", "wider"),
        ("limit=0", ErrorCode::InvalidParams, "?limit", "10000"),
        ("limit=1000000000", ErrorCode::InvalidParams, "?limit", "10000"),
        ("from=soon", ErrorCode::InvalidParams, "?from", "ISO 8601"),
        ("from=2026-11-21&to=2026-11-21", ErrorCode::InvalidParams, "?from", "before"),
        ("from=1926-11-21", ErrorCode::InvalidParams, "?from", "five years"),
        ("from=2001-11-21", ErrorCode::InvalidParams, "?from", "five years"),
        ("timezone=Mars/Olympus", ErrorCode::InvalidParams, "?timezone", "IANA"),
        ("filters=[[%22is%22,%22colour%22,[%22red%22]]]", ErrorCode::InvalidParams, "?filters", "referrer_host"),
        ("metric=conversion_rate", ErrorCode::InvalidParams, "?goal", "is missing"),
        ("include=everything", ErrorCode::InvalidParams, "/everything", "gap_fill"),
        ("compare=tomorrow", ErrorCode::InvalidParams, "?compare", "year_over_year"),
        ("metrc=events", ErrorCode::InvalidParams, "?metrc", "did you mean \"metric\"?"),
        ("metric=events&metric=events", ErrorCode::InvalidParams, "?metric", "once"),
        ("project_id=other", ErrorCode::InvalidParams, "?project_id", "Allowed"),
    ] {
        let error = parse(query).expect_err(query);
        assert_eq!(error.code, code, "{query}");
        assert!(error.fields[0].path.ends_with(path), "{query}: {}", error.fields[0].path);
        assert!(error.detail.contains(said), "{query}: {}", error.detail);
    }
}

#[test]
fn a_wrong_filter_is_named_by_its_place() {
    let ask = |filters: serde_json::Value| {
        from_json(&serde_json::json!({ "filters": filters }), WORLD).map_err(|fault| fault.path)
    };
    let json = |text: &str| serde_json::from_str(text).unwrap();
    for (filters, path) in [
        (r#"[["or",[["is","source",["a"]],["is","colour",["a"]]]]]"#, "/filters/0/1/1/1"),
        (r#"[["is","source",[]]]"#, "/filters/0/2"),
        (r#"[["gt","source",1]]"#, "/filters/0/1"),
        (r#"[["gt","prop:price","1"]]"#, "/filters/0/2"),
        (r#"[["like","source",["a"]]]"#, "/filters/0/0"),
        (r#"[["is","source"]]"#, "/filters/0"),
        (r#"[["is","time:day",["a"]]]"#, "/filters/0/1"),
        (r#"[["has_done",["has_done",["is","event",["a"]]]]]"#, "/filters/0/1"),
        (r#"[["has_done",["is","entry_path",["/"]]]]"#, "/filters/0/1"),
        (r#"{"is":1}"#, "/filters"),
        (r#"[["or",[]]]"#, "/filters/0/1"),
    ] {
        assert_eq!(ask(json(filters)), Err(path.to_owned()), "{filters}");
    }
    let deep = format!("[{}{}{}]", r#"["not","#.repeat(20), r#"["is","source",["a"]]"#, "]".repeat(20));
    assert!(ask(json(&deep)).is_err());
    let wide: Vec<serde_json::Value> = (0..200).map(|_| json(r#"["is","source",["a"]]"#)).collect();
    assert!(ask(wide.into()).is_err());
}

proptest! {
    #[test]
    fn no_query_string_panics(query in ".{0,80}") {
        let _ = parse(&query);
    }

    #[test]
    fn no_body_panics(body in json_like()) {
        let _ = from_json(&body, WORLD);
    }
}

/// JSON made of what questions are made of.
fn json_like() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};
    let words = prop::sample::select(vec![
        "metrics",
        "dimensions",
        "filters",
        "is",
        "not",
        "and",
        "or",
        "has_done",
        "gt",
        "source",
        "prop:a",
        "time:day",
        "visitors",
        "30d",
        "month",
        "2026-10-01",
        "desc",
        "Europe/Berlin",
        "",
    ]);
    let leaf = prop_oneof![
        words.prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(5, 40, 5, |inner| prop::collection::vec(inner, 0..5).prop_map(Value::Array));
    prop::collection::btree_map(prop::sample::select(crate::StatsQuestion::MEMBERS.to_vec()), value, 0..6)
        .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
