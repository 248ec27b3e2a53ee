//! Asking about events: aggregates.

use serde_json::{Map, Value, json};

use super::Schemas;
use super::build::{
    closed, commas, count, each_or_null, examples, instant, json_parameter, list, object, one_of, or_null, parameter,
    pattern, reference, text, told,
};
use super::operation::Operation;
use crate::app::MAX_QUESTION_BODY;
use intake::error::ErrorCode;
use intake::time::LAST_MS;
use query::{Column, DEFAULT_LIMIT, Interval, MAX_CURSOR, MAX_DIMENSIONS, MAX_FILTERS, MAX_LIMIT, MAX_METRICS, Metric};

/// What can become of a question in the query string.
pub(super) const ASKED: &[ErrorCode] = &[
    ErrorCode::InvalidParams,
    ErrorCode::InvalidGroupBy,
    ErrorCode::RateLimited,
    ErrorCode::StoreUnavailable,
    ErrorCode::QueryTimeout,
];
/// What can become of a question in a body.
pub(super) const POSTED: &[ErrorCode] = &[
    ErrorCode::InvalidPayload,
    ErrorCode::InvalidParams,
    ErrorCode::InvalidGroupBy,
    ErrorCode::PayloadTooLarge,
    ErrorCode::RateLimited,
    ErrorCode::StoreUnavailable,
    ErrorCode::QueryTimeout,
];

/// Longest name of a project, and of a zone.
pub(super) const MAX_PROJECT: usize = 128;
pub(super) const MAX_ZONE: usize = 64;

pub(super) const PROJECT: &str = "Slug or id of the project: for account keys, and only for them.";
pub(super) const ZONE: &str = "Time zone of the IANA database; the project's where absent.";
const CURSOR: &str = "`next_cursor` of the page before, with the same question.";
const COMPARE: &str = "A period to compare with: `previous_period` (as long, right before), `year_over_year`, or a pair of \
    dates or instants.";

pub(super) fn operations() -> Vec<Operation> {
    let mut parameters = vec![commas(
        "metric",
        "What is measured; `events` where absent.",
        json!({ "type": "array", "items": reference("Metric"), "minItems": 1, "maxItems": MAX_METRICS,
            "uniqueItems": true }),
    )];
    parameters.extend(whose_and_when());
    parameters.extend(which());
    parameters.extend([
        json_parameter(
            "goal",
            "What a conversion is, for `conversion_rate`: a condition on single events.",
            reference("Filter"),
        ),
        commas(
            "group_by",
            "What the answer is grouped by. A property whose key has a comma can be asked for by POST.",
            json!({ "type": "array", "items": reference("Dimension"), "maxItems": MAX_DIMENSIONS, "uniqueItems": true }),
        ),
        parameter(
            "interval",
            "A time axis, in addition to `group_by`.",
            one_of(Interval::ALL.iter().map(|interval| interval.as_str())),
        ),
        json_parameter("order_by", "What rows are ordered by.", reference("OrderBy")),
        compare(),
        commas(
            "include",
            "What is wanted besides.",
            list(&one_of(["bots", "total_rows", "totals", "gap_fill"]), 4),
        ),
    ]);
    parameters.extend(page(MAX_LIMIT, DEFAULT_LIMIT));

    let mut sources = vec![parameter(
        "breakdown",
        "How finely; `source_medium` where absent.",
        one_of(["source_medium", "source", "channel"]),
    )];
    sources.extend(whose_and_when());
    sources.extend(which());
    sources.push(compare());
    sources.extend(page(MAX_LIMIT, DEFAULT_LIMIT));

    vec![
        Operation::new("GET", "/v1/stats", "stats", "Questions", "Aggregates, as query parameters")
            .about("Each parameter stands once; several values are separated by commas. One that is unknown is an error.")
            .takes(parameters)
            .answers(200, "StatsAnswer")
            .fails(ASKED),
        Operation::new("POST", "/v1/stats", "askStats", "Questions", "Aggregates, in the whole query language")
            .about(format!(
                "Up to {} KiB. A member that is unknown is an error: a misspelt filter must not answer another question.",
                MAX_QUESTION_BODY / 1024
            ))
            .reads("StatsQuestion")
            .answers(200, "StatsAnswer")
            .fails(POSTED),
        Operation::new("GET", "/v1/sources", "sources", "Questions", "Where visitors come from")
            .about("Events, visitors and the share of paid events by source, most visitors first.")
            .takes(sources)
            .answers(200, "StatsAnswer")
            .fails(ASKED),
        Operation::new("GET", "/v1/metrics", "metrics", "Questions", "What each metric means, and what can be grouped by")
            .answers(200, "Catalogue")
            .fails(&[ErrorCode::InvalidParams, ErrorCode::RateLimited]),
    ]
}

/// Whose events, of when.
pub(super) fn whose_and_when() -> Vec<Value> {
    vec![
        project(),
        parameter("from", "First instant that counts; 30 days before `to` where absent.", reference("Edge")),
        parameter(
            "to",
            "First instant that no longer counts, also where it is a date; now where absent.",
            reference("Edge"),
        ),
        parameter("date_range", "A period in one word, in place of `from` and `to`.", reference("PeriodWord")),
        parameter("timezone", ZONE, examples(text(1, MAX_ZONE), json!(["Europe/Berlin"]))),
    ]
}

/// Whose events.
pub(super) fn project() -> Value {
    parameter("project", PROJECT, text(0, MAX_PROJECT))
}

/// Which events.
pub(super) fn which() -> Vec<Value> {
    vec![
        parameter("event", "Events of this name only.", text(1, intake::event::MAX_ID)),
        json_parameter("filters", "Conditions that must all hold, as JSON.", list(&reference("Filter"), MAX_FILTERS)),
        parameter("bots", "Count what bots do as well.", json!({ "type": "boolean" })),
    ]
}

fn compare() -> Value {
    let pair = told(pattern(r"^\["), "A pair as JSON.");
    parameter("compare", COMPARE, json!({ "anyOf": [one_of(["previous_period", "year_over_year"]), pair] }))
}

/// How many, and from where on.
pub(super) fn page(max: u32, default: u32) -> Vec<Value> {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": max, "default": default });
    vec![parameter("limit", "Most rows of the answer.", limit), parameter("cursor", CURSOR, text(0, MAX_CURSOR))]
}

pub(super) fn schemas() -> Schemas {
    vec![
        ("StatsQuestion", question()),
        ("Include", include()),
        ("OrderBy", order()),
        ("Edge", edge()),
        ("PeriodWord", period_word()),
        ("Period", period()),
        ("StatsAnswer", answer()),
        ("StatsRow", row()),
        ("StatsMeta", meta()),
    ]
}

fn one_or_more(schema: &str, max: usize) -> Value {
    let many = json!({ "type": "array", "items": reference(schema), "maxItems": max, "uniqueItems": true });
    json!({ "anyOf": [many, reference(schema)] })
}

fn question() -> Value {
    let compare = json!({ "anyOf": [
        one_of(["previous_period", "year_over_year"]),
        { "type": "array", "items": reference("Edge"), "minItems": 2, "maxItems": 2 },
    ] });
    let mut metrics = one_or_more("Metric", MAX_METRICS);
    metrics["anyOf"][0]["minItems"] = 1.into();
    examples(
        told(
            closed(
                &[],
                each_or_null(json!({
                    "project": told(text(0, MAX_PROJECT), PROJECT),
                    "metrics": told(metrics, "What is measured; `events` where absent."),
                    "dimensions": told(
                        one_or_more("Dimension", MAX_DIMENSIONS),
                        "What the answer is grouped by, with one time axis at most.",
                    ),
                    "date_range": reference("Period"),
                    "timezone": told(text(1, MAX_ZONE), ZONE),
                    "filters": told(list(&reference("Filter"), MAX_FILTERS), "Conditions that must all hold."),
                    "goal": told(
                        reference("Filter"),
                        "What a conversion is, for `conversion_rate`: a condition on single events.",
                    ),
                    "order_by": reference("OrderBy"),
                    "compare": told(compare, COMPARE),
                    "include": reference("Include"),
                    "limit": { "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT },
                    "cursor": told(text(0, MAX_CURSOR), CURSOR),
                })),
            ),
            "A question. Without members: the events of the last 30 days.",
        ),
        json!([
            { "metrics": ["visitors", "bounce_rate"], "dimensions": ["time:day"], "date_range": "30d",
              "timezone": "Europe/Berlin", "compare": "previous_period", "include": { "gap_fill": true, "totals": true } },
            { "metrics": ["visitors", "conversion_rate"], "dimensions": ["source", "medium"],
              "date_range": ["2026-10-01", "2026-10-31"], "goal": ["is", "event", ["signup"]],
              "filters": [["is", "country", ["DE", "AT"]], ["not", ["is", "prop:plan", "free"]]],
              "order_by": [["conversion_rate", "desc"]], "limit": 20 },
            { "metrics": "users", "filters": [["has_done", ["and", [["is", "event", "purchase"], ["gte", "revenue", 100]]]]] },
        ]),
    )
}

fn include() -> Value {
    let flag = |about: &str| json!({ "type": "boolean", "description": about });
    closed(
        &[],
        each_or_null(json!({
            "bots": flag("Count what bots do as well."),
            "total_rows": flag("The number of rows without a limit."),
            "totals": flag("The metrics over all rows."),
            "gap_fill": flag("A row for each step of the time axis, also where nothing was."),
        })),
    )
}

fn order() -> Value {
    let pair = json!({
        "type": "array", "minItems": 2, "maxItems": 2, "items": false,
        "prefixItems": [
            told(json!({ "type": "string" }), "One of the question's metrics or dimensions."),
            one_of(["asc", "desc"]),
        ],
    });
    examples(
        told(
            json!({ "type": "array", "items": pair }),
            "First by this, then by that. In any case the time axis, the first metric and all dimensions follow, so that \
             pages do not overlap.",
        ),
        json!([[["visitors", "desc"], ["source", "asc"]]]),
    )
}

fn edge() -> Value {
    examples(
        told(
            json!({ "anyOf": [
                told(pattern(r"^\d{4}-\d{2}-\d{2}([T ].+)?$"), "A date, which begins at midnight of the question's zone, or an \
                    instant as ISO 8601."),
                told(pattern(r"^[0-9]{1,15}$"), "Milliseconds since 1970."),
                { "type": "integer", "minimum": 0, "maximum": LAST_MS, "description": "The same as a number." },
            ] }),
            "A date or an instant.",
        ),
        json!(["2026-11-21", "2026-11-21T10:00:00Z", 1_795_255_200_000_i64]),
    )
}

fn period_word() -> Value {
    examples(
        told(
            json!({ "anyOf": [
                one_of(["today", "day", "yesterday", "week", "month", "last_month", "year"]),
                pattern("^[0-9]{1,4}(h|d|mo)$"),
            ] }),
            "`24h`, `30d` or `12mo`: the last hours, days or months, this one included; `week` from Monday, `month` from the \
             first, `year` from January, up to now; `yesterday`, `last_month` as a whole. Five years at most.",
        ),
        json!(["today", "30d", "12mo", "last_month"]),
    )
}

fn period() -> Value {
    examples(
        told(
            json!({ "anyOf": [
                reference("PeriodWord"),
                { "type": "array", "items": reference("Edge"), "minItems": 2, "maxItems": 2,
                  "description": "A pair of dates, both included, or of instants, the second not included." },
            ] }),
            "The period; the last 30 days where absent.",
        ),
        json!(["7d", ["2026-10-01", "2026-10-31"], ["2026-10-01T12:00:00Z", "2026-10-02T12:00:00Z"]]),
    )
}

fn answer() -> Value {
    examples(
        object(
            &["metrics", "dimensions", "rows", "next_cursor", "meta"],
            json!({
                "metrics": { "type": "array", "items": reference("Metric") },
                "dimensions": {
                    "type": "array", "items": { "type": "string" },
                    "description": "Members of the rows; the time axis is `time`.",
                },
                "rows": list(&reference("StatsRow"), usize::try_from(MAX_LIMIT).unwrap() * 2),
                "totals": told(reference("StatsRow"), "The metrics over all rows, where asked for."),
                "total_rows": told(count(), "The number of rows without a limit, where asked for."),
                "next_cursor": told(or_null(json!({ "type": "string" })), "Where the next page begins; null: this is the last one."),
                "meta": reference("StatsMeta"),
            }),
        ),
        json!([{
            "metrics": ["visitors", "revenue"], "dimensions": ["time", "source"],
            "rows": [{ "time": "2026-11-21", "source": "google", "visitors": 12, "revenue": { "EUR": 19.99 },
                "compare": { "visitors": { "previous": 10, "change": 20.0 },
                             "revenue": { "previous": {}, "change": null } } }],
            "next_cursor": null,
            "meta": { "from": "2026-11-21T00:00:00.000Z", "to": "2026-11-21T10:00:00.000Z", "timezone": "UTC",
                "tables": ["events"], "rows_read": 40, "elapsed_ms": 12, "truncated": false,
                "compare": { "from": "2026-11-20T00:00:00.000Z", "to": "2026-11-20T10:00:00.000Z" } },
        }]),
    )
}

/// What a metric's number looks like.
fn value(metric: Metric) -> Value {
    match metric.unit() {
        "count" => count(),
        "amount by currency" => json!({ "type": "object", "additionalProperties": { "type": "number" } }),
        _ => json!({ "type": ["number", "null"] }),
    }
}

fn row() -> Value {
    let mut members: Map<String, Value> =
        Metric::ALL.iter().map(|metric| (metric.as_str().to_owned(), value(*metric))).collect();
    members.extend(Column::ALL.iter().map(|column| (column.as_str().to_owned(), json!({ "type": "string" }))));
    let time = "`2026-11-21` for days, weeks (their Monday) and months (their first), with the zone's time for hours and \
        minutes.";
    members.insert("time".to_owned(), told(json!({ "type": "string" }), time));
    let change = told(json!({ "type": ["number", "null"] }), "In percent; null where there is none.");
    let compared = object(&["previous", "change"], json!({ "previous": {}, "change": change }));
    members.insert(
        "compare".to_owned(),
        json!({
            "type": "object", "description": "For each metric its value in the period compared with.",
            "additionalProperties": compared,
        }),
    );
    let mut row = object(&[], members.into());
    row["patternProperties"] = json!({ "^prop:": { "type": "string" } });
    row["additionalProperties"] = false.into();
    told(row, "The dimensions and metrics that were asked for. Shares and means of nothing are null.")
}

fn meta() -> Value {
    let range = object(&["from", "to"], json!({ "from": instant(), "to": instant() }));
    object(
        &["from", "to", "timezone", "tables", "rows_read", "elapsed_ms", "truncated"],
        json!({
            "from": instant(), "to": instant(), "timezone": { "type": "string" },
            "tables": told(json!({ "type": "array", "items": { "type": "string" } }), "Where the numbers came from."),
            "rows_read": told(count(), "How many rows the store read."),
            "elapsed_ms": count(),
            "truncated": { "type": "boolean", "description": "There are more rows." },
            "compare": range,
            "notes": told(json!({ "type": "array", "items": { "type": "string" } }), "What to know about the numbers."),
        }),
    )
}
