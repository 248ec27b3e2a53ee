//! Reports: their operations, and the schemas of their questions and answers, which come from the types
//! (`crates/query`, feature `documented`).

use serde_json::{Map, Value, json};

use super::build::{commas, described, examples, json_parameter, one_of, parameter, reference, text};
use super::derive::settings;
use super::operation::Operation;
use crate::app::MAX_QUESTION_BODY;
use intake::error::ErrorCode;
use query::documented::{Edge, PeriodWord};
use query::{Catalogue, Format, Interval, Kind, REPORTS};

/// Error codes of a question in the query string.
const ASKED: &[ErrorCode] = &[
    ErrorCode::InvalidParams,
    ErrorCode::InvalidGroupBy,
    ErrorCode::RateLimited,
    ErrorCode::StoreUnavailable,
    ErrorCode::QueryTimeout,
];
/// Error codes of a question in a body.
const POSTED: &[ErrorCode] = &[
    ErrorCode::InvalidPayload,
    ErrorCode::InvalidParams,
    ErrorCode::InvalidGroupBy,
    ErrorCode::PayloadTooLarge,
    ErrorCode::RateLimited,
    ErrorCode::StoreUnavailable,
    ErrorCode::QueryTimeout,
];
/// Error codes of a question without dimensions.
const PLAIN: &[ErrorCode] =
    &[ErrorCode::InvalidParams, ErrorCode::RateLimited, ErrorCode::StoreUnavailable, ErrorCode::QueryTimeout];

/// Method, path, operation id, kind, summary and description of each report.
type Row = (&'static str, &'static str, &'static str, &'static Kind, &'static str, String);

fn rows() -> Vec<Row> {
    let counted = |page: &str| format!("What exactly is counted: `docs/{page}.md`.");
    vec![
        (
            "GET",
            "/v1/stats",
            "stats",
            query::STATS,
            "Aggregates, as query parameters",
            "Name each parameter once and separate several values by commas. An unknown parameter is an error."
                .to_owned(),
        ),
        (
            "POST",
            "/v1/stats",
            "askStats",
            query::STATS,
            "Aggregates, with all of the query language",
            format!(
                "Up to {} KiB. An unknown member is an error: a misspelled filter must not answer another question.",
                MAX_QUESTION_BODY / 1024
            ),
        ),
        (
            "GET",
            "/v1/sources",
            "sources",
            query::SOURCES,
            "Where visitors come from",
            "Events, visitors and the share of paid events by source, most visitors first.".to_owned(),
        ),
        (
            "GET",
            "/v1/query",
            "events",
            query::EVENTS,
            "Single events, newest first",
            "A page begins after the last event of the previous one. Events that arrive meanwhile move none."
                .to_owned(),
        ),
        (
            "GET",
            "/v1/realtime",
            "realtime",
            query::REALTIME,
            "The last 5 and 30 minutes",
            "Visitors, top pages and sources. Windows are whole UTC minutes, including the current one.".to_owned(),
        ),
        (
            "GET",
            "/v1/schema",
            "schema",
            query::SCHEMA,
            "Names of events and keys of properties in use",
            "Of the last 90 days. For frequent events the keys come from a sample.".to_owned(),
        ),
        (
            "POST",
            "/v1/funnel",
            "funnel",
            query::FUNNEL,
            "How many reach each step, and in what time",
            counted("funnels-and-retention"),
        ),
        (
            "POST",
            "/v1/retention",
            "retention",
            query::RETENTION,
            "How many persons come back, by cohort",
            counted("funnels-and-retention"),
        ),
        (
            "POST",
            "/v1/journeys",
            "journeys",
            query::JOURNEYS,
            "Steps before or after a start",
            counted("journeys-and-pairs"),
        ),
        (
            "POST",
            "/v1/match",
            "match",
            query::MATCH,
            "Pairs of trigger and result: how often and how soon",
            counted("journeys-and-pairs"),
        ),
    ]
}

pub(super) fn operations() -> Vec<Operation> {
    let (kinds, _) = derived();
    let of_stats = &kinds[0];
    let mut operations: Vec<Operation> = rows()
        .into_iter()
        .map(|(method, path, id, kind, summary, about)| {
            let schemas = kinds.iter().find(|schemas| schemas.kind == kind).expect("REPORTS has all kinds");
            let operation = Operation::new(method, path, id, "Questions", summary).about(about);
            let operation = operation.answers_with(200, "application/json", schemas.answer.clone());
            match method {
                "POST" => operation.reads_schema(schemas.question.as_ref().expect("it has a question")).fails(POSTED),
                _ if kind == query::SCHEMA || kind == query::EVENTS => {
                    operation.takes(parameters(known(kind), of_stats)).fails(PLAIN)
                }
                _ => operation.takes(parameters(known(kind), of_stats)).fails(ASKED),
            }
        })
        .collect();
    let file = || described(json!({ "type": "string" }), "A file. docs/reading-events.md describes its content.");
    operations.push(
        Operation::new("GET", "/v1/export", "export", "Questions", "All events of a period as a file")
            .about(
                "Streamed as the store writes it; one export per project at a time. NDJSON ends with a line \
                 `{\"$end\":{\"complete\":true,\"rows\":N}}`; without it, or with `false`, rows are missing. An incomplete CSV or \
                 Parquet file breaks off.",
            )
            .takes(parameters(query::EXPORT_PARAMETERS, of_stats))
            .answers_with(200, Format::Ndjson.media_type(), file())
            .answers_with(200, Format::Csv.media_type(), file())
            .answers_with(200, Format::Parquet.media_type(), file())
            .fails(PLAIN),
    );
    operations.push(
        Operation::new("GET", "/v1/metrics", "metrics", "Questions", "What each metric means, and what to group by")
            .answers(200, "Catalogue")
            .fails(&[ErrorCode::InvalidParams, ErrorCode::RateLimited]),
    );
    operations
}

/// The query parameters of a kind.
fn known(kind: &Kind) -> &'static [&'static str] {
    match kind.name {
        "stats" => query::STATS_PARAMETERS,
        "sources" => query::SOURCES_PARAMETERS,
        "events" => query::EVENTS_PARAMETERS,
        "realtime" => query::REALTIME_PARAMETERS,
        "schema" => query::SCHEMA_PARAMETERS,
        name => unreachable!("{name} has no parameters"),
    }
}

/// A kind and its schemas.
struct Schemas {
    kind: &'static Kind,
    question: Option<Value>,
    answer: Value,
}

/// The schemas of all kinds, and the components that they refer to.
fn derived() -> (Vec<Schemas>, Map<String, Value>) {
    // A member of a question can be absent; one of an answer that can be null is there all the same.
    let mut questions = settings().into_generator();
    let mut answers = settings().for_serialize().into_generator();
    answers.subschema_for::<Catalogue>();
    questions.subschema_for::<Edge>();
    questions.subschema_for::<PeriodWord>();
    let kinds = REPORTS.iter().map(|kind| Schemas {
        kind,
        question: kind.question.map(|schema| schema(&mut questions).to_value()),
        answer: (kind.answer)(&mut answers).to_value(),
    });
    let kinds = kinds.collect();
    let mut components = answers.take_definitions(true);
    components.extend(questions.take_definitions(true));
    (kinds, components)
}

pub(super) fn schemas() -> Map<String, Value> {
    let (_, mut components) = derived();
    for (name, given) in EXAMPLES {
        let given = serde_json::from_str(given).expect("examples are JSON");
        let schema = components[*name].take();
        components[*name] = examples(schema, given);
    }
    // Only tools use it.
    components.remove("EventsQuestion");
    components
}

/// A query parameter, described by the member of `StatsQuestion` that it stands for.
fn parameters(names: &[&'static str], stats: &Schemas) -> Vec<Value> {
    let (_, components) = derived();
    assert_eq!(stats.kind, query::STATS);
    let members = &components["StatsQuestion"]["properties"];
    let member = |name: &str| {
        let mut schema = members[name].clone();
        let description = schema["description"].as_str().unwrap_or_default().to_owned();
        schema.as_object_mut().expect("a schema").remove("description");
        (without_null(schema), description)
    };
    // A list in a parameter is separated by commas, so a single value has no form of its own.
    let list = |name: &str| {
        let (schema, description) = member(name);
        let many = schema["anyOf"].as_array().and_then(|either| either.first()).cloned();
        (many.unwrap_or(schema), description)
    };
    let sources_only = !names.contains(&"group_by");
    names
        .iter()
        .map(|&name| match name {
            "metric" => {
                let (schema, description) = list("metrics");
                commas(name, &description, schema)
            }
            "group_by" => {
                let (schema, _) = list("dimensions");
                commas(name, "What to group by. Ask by POST for a property whose key has a comma.", schema)
            }
            "include" => commas(
                name,
                "What to add to the answer.",
                json!({ "type": "array", "items": one_of(["bots", "total_rows", "totals", "gap_fill"]), "maxItems": 4 }),
            ),
            "filters" | "goal" | "order_by" => {
                let (schema, description) = member(name);
                let description = if description.is_empty() { "Sort keys, as JSON.".to_owned() } else { description };
                json_parameter(name, &description, schema)
            }
            "from" => parameter(name, "First instant; by default 30 days before `to`.", reference("Edge")),
            "to" => parameter(name, "End, excluded, also if it is a date; by default now.", reference("Edge")),
            "date_range" => parameter(name, "A period in one word, instead of `from` and `to`.", reference("PeriodWord")),
            "event" => parameter(name, "Only events of this name.", text(1, intake::event::MAX_ID)),
            "bots" => parameter(name, "Count bots as well.", json!({ "type": "boolean" })),
            "interval" => parameter(
                name,
                "A time axis, in addition to `group_by`.",
                one_of(Interval::ALL.iter().map(|interval| interval.as_str())),
            ),
            "compare" => {
                let pair = described(json!({ "type": "string", "pattern": r"^\[" }), "A pair as JSON.");
                let words = one_of(query::COMPARE_WORDS.iter().copied());
                parameter(name, "A period to compare with.", json!({ "anyOf": [words, pair] }))
            }
            "breakdown" if sources_only => parameter(
                name,
                "How to group; `source_medium` by default.",
                one_of(query::SourcesBy::ALL.iter().map(|by| by.as_str())),
            ),
            "format" => parameter(name, "File format; `ndjson` by default.", one_of(Format::ALL.iter().map(|format| format.as_str()))),
            "limit" if names == query::EVENTS_PARAMETERS => {
                let limit = json!({ "type": "integer", "minimum": 1, "maximum": query::MAX_EVENTS_LIMIT,
                    "default": query::DEFAULT_EVENTS_LIMIT });
                parameter(name, "Maximum number of events in the answer.", limit)
            }
            "project" | "timezone" | "limit" | "cursor" => {
                let (schema, description) = member(name);
                parameter(name, &description, schema)
            }
            other => unreachable!("the parameter {other} is not described"),
        })
        .collect()
}

/// The parameter `project` of account keys, for other routes.
pub(super) fn project() -> Value {
    let (kinds, _) = derived();
    parameters(&["project"], &kinds[0]).remove(0)
}

/// Removes null: a parameter is absent, never null.
fn without_null(mut schema: Value) -> Value {
    if let Some([kind, null]) = schema["type"].as_array().map(Vec::as_slice)
        && null == "null"
    {
        schema["type"] = kind.clone();
    }
    if let Some(either) = schema["anyOf"].as_array() {
        let either: Vec<Value> = either.iter().filter(|one| one["type"] != "null").cloned().collect();
        if let [one] = either.as_slice() {
            return one.clone();
        }
        schema["anyOf"] = either.into();
    }
    schema
}

/// Examples of questions and answers. A test validates them against the schemas.
const EXAMPLES: &[(&str, &str)] = &[
    ("StatsQuestion", include_str!("examples/stats-question.json")),
    ("StatsAnswer", include_str!("examples/stats-answer.json")),
    ("FunnelQuestion", include_str!("examples/funnel-question.json")),
    ("RetentionQuestion", include_str!("examples/retention-question.json")),
    ("JourneysQuestion", include_str!("examples/journeys-question.json")),
    ("MatchQuestion", include_str!("examples/match-question.json")),
    ("Realtime", include_str!("examples/realtime.json")),
    ("InUse", include_str!("examples/in-use.json")),
];
