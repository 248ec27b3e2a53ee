//! The schemas of tools, derived from types. The files in `schemas/` are what the Worker carries; this test writes them
//! (`UPDATE_DOCS=1 cargo test -p headwater --lib mcp`) and otherwise fails if they are outdated.
//!
//! A tool that asks a report has the members of the report's question. Members that tools accept in more forms (periods
//! in words, the name of an event as a condition) are in [`parts`]. Clients support only a part of JSON Schema, so
//! references and alternatives are expanded (`simple`).

use std::path::PathBuf;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::arguments::KEYWORDS;
use super::tools::{Ask, TOOLS, Tool};
use query::{Interval, Kind, MAX_FILTERS, Metric, SourcesBy};
use schema::Column;

/// Longest name of an event.
const MAX_EVENT: usize = 128;
/// Longest description of a period in words.
const MAX_PERIOD: usize = 80;

fn sources_by() -> Vec<&'static str> {
    SourcesBy::ALL.iter().map(|by| by.as_str()).collect()
}

/// A condition in JSON. Clients refuse an array without `items` at any depth.
fn condition() -> Value {
    let scalar = json!(["string", "number", "boolean"]);
    let argument = json!({ "type": ["string", "number", "boolean", "array"], "items": { "type": scalar } });
    json!({ "type": "array", "items": { "type": ["string", "number", "boolean", "array"], "items": argument } })
}

/// Arguments that several tools share, described for a model.
fn parts() -> Map<String, Value> {
    let named = |mut schema: Value, description: &str| {
        schema["type"] = json!(["array", "string"]);
        schema["maxLength"] = MAX_EVENT.into();
        schema["description"] = description.into();
        schema
    };
    let pair = json!({ "type": ["string", "array"], "maxLength": MAX_PERIOD, "items": { "type": "string" },
        "minItems": 2, "maxItems": 2 });
    let with = |mut schema: Value, more: Value| {
        for (name, value) in more.as_object().into_iter().flatten() {
            schema[name] = value.clone();
        }
        schema
    };
    let metrics: Vec<&str> = Metric::ALL.iter().map(|metric| metric.as_str()).collect();
    let parts = json!({
        "date_range": with(pair.clone(), json!({
            "description": "The period: today, yesterday, 24h, 7d, 3mo, week, month, last_month, year, or in words: last 30 \
                days, last week, 2026-10, October 2026, Q3 2026, 2026-10-01 to 2026-10-15, since 2026-10-01. Or a pair of \
                dates (both included) or of instants (the second excluded). Default 30d; at most five years.",
            "examples": ["last 30 days", "2026-10", ["2026-10-01", "2026-10-31"]],
        })),
        "timezone": { "type": "string", "maxLength": query::MAX_ZONE,
            "description": "IANA time zone for day boundaries, such as Europe/Berlin. Default: the project's." },
        "filters": { "type": "array", "maxItems": MAX_FILTERS, "items": condition(),
            "description": "Conditions that must all hold: [\"is\",\"country\",[\"DE\",\"AT\"]]. Operators: is, is_not, \
                contains, not_contains, starts_with, matches (one text, or a list where one match is enough), gt, gte, lt, \
                lte (a number, on revenue or prop:KEY), exists, and, or, not, has_done, has_not_done. \
                [\"is\",\"segment\",[\"NAME\"]] is a saved segment (list_segments). See docs://query-language.",
            "examples": [[["is", "country", ["DE"]], ["not", ["contains", "path", ["/admin"]]]]] },
        "include_bots": { "type": "boolean", "description": "Count bots as well. Default false." },
        "cursor": { "type": "string", "maxLength": query::MAX_CURSOR,
            "description": "next_cursor of the previous answer; all other arguments must be the same." },
        "breakdown": { "type": "string", "maxLength": 210,
            "description": "Break down by a column (source, country, device_type, …) or prop:KEY." },
        "compare": with(pair, json!({
            "description": "A period to compare with: previous_period, year_over_year, words for a complete period (last \
                month, 2025-10), or a pair of dates.",
        })),
        "metrics": { "type": "array", "minItems": 1, "maxItems": query::MAX_METRICS, "items": { "enum": metrics },
            "description": "What to measure. Default events. get_metric_definitions says what each means." },
        "goal": named(condition(), "For conversion_rate: a condition on single events, such as \
            [\"is\",\"event\",[\"signup\"]], or the name of an event."),
        "projects": { "type": ["string", "array"], "maxLength": 128, "items": { "type": "string", "maxLength": 128 },
            "minItems": 1, "maxItems": 20,
            "description": "all, or slugs or ids of projects (list_projects). Default all; at most 20." },
    });
    parts.as_object().cloned().unwrap_or_default()
}

/// A member that several tools share, by its name in [`parts`].
macro_rules! part {
    ($($type:ident = $name:literal,)*) => {$(
        struct $type;
        impl JsonSchema for $type {
            fn inline_schema() -> bool { true }
            fn schema_name() -> std::borrow::Cow<'static, str> { $name.into() }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                Schema::try_from(parts()[$name].clone()).unwrap()
            }
        }
    )*};
}
part! {
    DateRange = "date_range", Zone = "timezone", Filters = "filters", IncludeBots = "include_bots", Cursor = "cursor",
    Compare = "compare", Metrics = "metrics", Goal = "goal", Projects = "projects",
}

/// A whole number from 1 to `MAX`.
struct Rows<const MAX: u32>;
impl<const MAX: u32> JsonSchema for Rows<MAX> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rows".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": MAX })
    }
}

/// A text of 1 to `MAX` characters.
struct Text<const MAX: usize>;
impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Text".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX })
    }
}

/// Declares the arguments of a tool that are not just a report's question.
macro_rules! arguments {
    ($($name:ident { $($(#[$doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        #[derive(JsonSchema)]
        #[schemars(deny_unknown_fields)]
        #[allow(dead_code, reason = "the schema is what counts")]
        struct $name { $($(#[$doc])* $field: $kind,)* }
    )*};
}
arguments! {
    TopSources {
        /// How to group. Default `source_medium`.
        #[schemars(extend("enum" = sources_by()))]
        by: Option<String>,
        date_range: Option<DateRange>, timezone: Option<Zone>, filters: Option<Filters>, compare: Option<Compare>,
        /// Maximum number of rows. Default 20.
        limit: Option<Rows<200>>,
        include_bots: Option<IncludeBots>,
    }
    TopPages {
        /// `path`: pages viewed; `entry_path` and `exit_path`: first and last pages of sessions; `title`. Default
        /// `path`.
        #[schemars(extend("enum" = ["path", "title", "entry_path", "exit_path"]))]
        by: Option<String>,
        date_range: Option<DateRange>, timezone: Option<Zone>, filters: Option<Filters>, compare: Option<Compare>,
        /// Maximum number of rows. Default 20.
        limit: Option<Rows<200>>,
        include_bots: Option<IncludeBots>,
    }
    ComparePeriods {
        metrics: Option<Metrics>, date_range: Option<DateRange>,
        /// `previous_period` (of the same length, directly before; the default), `year_over_year`, words for a complete
        /// period (last month, 2025-10), or a pair of dates.
        #[schemars(with = "Option<Compare>")]
        compare_to: Option<Compare>,
        /// Group by up to 3 columns, properties or a time axis, as in `get_stats`.
        #[schemars(length(max = 3))]
        dimensions: Option<Vec<Text<210>>>,
        timezone: Option<Zone>, filters: Option<Filters>, goal: Option<Goal>,
        /// Maximum number of rows. Default 20.
        limit: Option<Rows<200>>,
        include_bots: Option<IncludeBots>,
    }
    CompareProjects {
        projects: Option<Projects>, metrics: Option<Metrics>, date_range: Option<DateRange>, timezone: Option<Zone>,
        filters: Option<Filters>, goal: Option<Goal>, include_bots: Option<IncludeBots>,
    }
    QueryEvents {
        date_range: Option<DateRange>, timezone: Option<Zone>,
        /// Only events of this name.
        event: Option<Text<MAX_EVENT>>,
        filters: Option<Filters>,
        /// Keys of the properties to show, or ["*"]. Default none.
        #[schemars(length(max = 20))]
        properties: Option<Vec<Text<200>>>,
        /// Also show `anonymous_id`, `user_id`, `session_id` and `visitor_hash`. Default false.
        identifiers: Option<bool>,
        /// Maximum number of rows. Default 50.
        limit: Option<Rows<200>>,
        cursor: Option<Cursor>, include_bots: Option<IncludeBots>,
    }
    Realtime {
        /// Only events of this name.
        event: Option<Text<MAX_EVENT>>,
        filters: Option<Filters>, include_bots: Option<IncludeBots>,
    }
    ListEvents {
        /// Only this event.
        event: Option<Text<MAX_EVENT>>,
    }
    ExplainSource {
        /// Address of the visited page, with its parameters.
        url: Text<2048>,
        /// Address of the previous page. Default none.
        #[schemars(length(max = 2048))]
        referrer: Option<String>,
    }
    Usage {
        /// First month, such as 2026-10. Default: this month.
        #[schemars(length(min = 7, max = 7))]
        from: Option<String>,
        /// The month after the last one, such as 2026-12. Default: the month after `from`.
        #[schemars(length(min = 7, max = 7))]
        to: Option<String>,
    }
    TrackEvent {
        /// Name of the event.
        event: Text<MAX_EVENT>,
        /// Makes a retry harmless, together with `timestamp`.
        event_id: Option<Text<128>>,
        /// ISO 8601, or milliseconds since 1970. Default: now.
        #[schemars(extend("type" = ["string", "integer"], "maxLength" = 40))]
        timestamp: Option<String>,
        anonymous_id: Option<Text<128>>, user_id: Option<Text<256>>, session_id: Option<Text<128>>,
        #[schemars(length(max = 2048))]
        url: Option<String>,
        #[schemars(length(max = 2048))]
        referrer: Option<String>,
        #[schemars(length(max = 2048))]
        path: Option<String>,
        #[schemars(length(max = 512))]
        title: Option<String>,
        /// Up to 8 KiB as JSON.
        properties: Option<Map<String, Value>>,
        revenue: Option<Revenue>,
    }
    Revenue {
        #[schemars(extend("type" = ["number", "string"], "maxLength" = 40))]
        amount: f64,
        /// ISO 4217.
        #[schemars(length(min = 3, max = 3))]
        currency: String,
    }
    Nothing {}
    Explained {
        source: String, medium: String, channel: String, campaign: String, term: String, content: String,
        click_id: String, referrer_host: String, confidence: String, rule_id: String,
        /// Why this rule decides.
        why: String,
        classifier_version: String,
    }
    Tracked { ok: bool, event_id: String, code: Option<String>, detail: Option<String>, }
    ListedProjects { projects: Vec<ListedProject>, }
    ListedProject { id: String, slug: String, name: String, timezone: String, }
    UsageAnswer {
        organization_id: Option<String>, plan: Map<String, Value>,
        /// Events of each project, data set and month.
        rows: Vec<Map<String, Value>>,
    }
    ListedSegments {
        /// Name, description and filters of each.
        segments: Vec<Map<String, Value>>,
    }
}

/// A type's schema with its definitions.
struct Derived {
    schema: Value,
    definitions: Map<String, Value>,
}

fn derived(settings: SchemaSettings, schema: impl FnOnce(&mut SchemaGenerator) -> Schema) -> Derived {
    let mut generator = SchemaGenerator::new(settings);
    let schema = schema(&mut generator).to_value();
    Derived { schema, definitions: generator.take_definitions(true) }
}

fn of<T: JsonSchema>() -> Derived {
    derived(SchemaSettings::draft2020_12(), SchemaGenerator::subschema_for::<T>)
}

impl Derived {
    fn resolved<'a>(&'a self, schema: &'a Value) -> (&'a Value, Option<&'a str>) {
        match schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            Some(name) => (&self.definitions[name], Some(name)),
            None => (schema, None),
        }
    }

    /// A schema without references and alternatives, of the keywords that every client knows.
    fn simple(&self, schema: &Value) -> Value {
        let (resolved, name) = self.resolved(schema);
        let mut simple = match name {
            Some("Filter") => condition(),
            Some("Metric") => return json!({ "type": "string" }),
            // The members depend on the question, or are those of the whole answer.
            Some("StatsRow" | "StoredEvent") => json!({ "type": "object" }),
            Some(name) if name.ends_with("Meta") => json!({ "type": "object" }),
            _ => self.written_out(resolved),
        };
        for place in [schema, resolved] {
            if let Some(description) = place.get("description")
                && simple.get("description").is_none()
            {
                simple["description"] = description.as_str().unwrap_or_default().replace('\n', " ").into();
            }
        }
        simple
    }

    fn written_out(&self, schema: &Value) -> Value {
        let mut simple = Map::new();
        for (keyword, value) in schema.as_object().into_iter().flatten() {
            match keyword.as_str() {
                "properties" => {
                    let members = value.as_object().into_iter().flatten();
                    let member_of = |(name, member): (&String, &Value)| match name.as_str() {
                        // The members are those of the whole answer.
                        "breakdown" if member["type"] == json!(["array", "null"]) => {
                            let description = member["description"].clone();
                            (
                                name.clone(),
                                json!({ "type": "array", "items": { "type": "object" }, "description": description }),
                            )
                        }
                        _ => (name.clone(), self.simple(member)),
                    };
                    let members: Map<String, Value> = members.map(member_of).collect();
                    simple.insert("properties".to_owned(), members.into());
                }
                "items" => {
                    simple.insert("items".to_owned(), if value.is_object() { self.simple(value) } else { json!({}) });
                }
                "additionalProperties" if !value.is_boolean() => {}
                "anyOf" | "allOf" | "oneOf" => {
                    let either: Vec<Value> =
                        value.as_array().into_iter().flatten().map(|one| self.simple(one)).collect();
                    merge(&mut simple, &either);
                }
                "const" => {
                    simple.insert("enum".to_owned(), json!([value]));
                }
                known if KEYWORDS.contains(&known) => {
                    simple.insert(keyword.clone(), value.clone());
                }
                _ => {}
            }
        }
        simple.into()
    }
}

/// Puts alternatives into one schema that allows them all. The handler of the question checks the rest.
fn merge(into: &mut Map<String, Value>, either: &[Value]) {
    let mut types: Vec<Value> = Vec::new();
    let all_words = either.iter().all(|one| one["type"] == "null" || one.get("enum").is_some());
    let mut words = Vec::new();
    for one in either {
        let own = std::slice::from_ref(&one["type"]);
        for name in one["type"].as_array().map_or(own, Vec::as_slice).iter().filter(|name| name.is_string()) {
            if !types.contains(name) {
                types.push(name.clone());
            }
        }
        words.extend(one["enum"].as_array().cloned().unwrap_or_default());
        for (keyword, value) in one.as_object().into_iter().flatten() {
            if !["type", "enum", "description", "examples", "default"].contains(&keyword.as_str()) {
                into.entry(keyword.clone()).or_insert_with(|| value.clone());
            }
            if keyword == "description" && either.len() == 2 && types.len() == 1 {
                into.entry(keyword.clone()).or_insert_with(|| value.clone());
            }
        }
    }
    if all_words && !words.is_empty() {
        into.insert("enum".to_owned(), words.into());
    } else if let [one] = types.as_slice() {
        into.insert("type".to_owned(), one.clone());
    } else if !types.is_empty() {
        into.insert("type".to_owned(), types.into());
    }
}

/// An optional argument is left out, never null.
fn without_null(schema: &mut Value) {
    for (_, member) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        without_null(member);
    }
    if let Some(types) = schema["type"].as_array() {
        let types: Vec<Value> = types.iter().filter(|name| *name != "null").cloned().collect();
        schema["type"] = match types.as_slice() {
            [one] => one.clone(),
            _ => types.into(),
        };
    }
    if schema.get("type").is_some_and(Value::is_null) {
        schema.as_object_mut().unwrap().remove("type");
    }
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
}

/// The arguments of a tool that asks a report: the members of its question, as a model says them.
fn of_question(kind: &Kind) -> Value {
    let derived = derived(SchemaSettings::draft2020_12(), kind.question.expect("the report has a question"));
    let question = derived.resolved(&derived.schema).0;
    let parts = parts();
    let mut properties = Map::new();
    for (name, member) in question["properties"].as_object().unwrap() {
        let is_bots_alone = || member.to_string().contains("IncludeBots");
        match name.as_str() {
            "project" => continue,
            "include" if is_bots_alone() => {
                properties.insert("include_bots".to_owned(), true.into());
                continue;
            }
            name if parts.contains_key(name) => {
                properties.insert(name.to_owned(), true.into());
                continue;
            }
            _ => {}
        }
        let is_condition = |schema: &Value| schema.to_string().contains("/Filter\"");
        let mut simple = derived.simple(member);
        without_null(&mut simple);
        if is_condition(&member["items"]) {
            simple["items"] = named(condition());
        } else if is_condition(member) {
            let description = simple["description"].as_str().unwrap_or_default();
            let description = format!("{description} Also the name of an event.");
            let mut either = named(condition());
            either["description"] = description.into();
            simple = either;
        } else if name == "window" {
            simple["maxLength"] = 8.into();
        } else if name == "dimensions" {
            simple["type"] = "array".into();
            simple["items"] = json!({ "type": "string", "maxLength": 210 });
            let times: Vec<String> = Interval::ALL.iter().map(|width| format!("time:{}", width.as_str())).collect();
            let described = format!(
                "Group by up to {} of: {}, prop:KEY, and one of {}. Metrics of sessions cannot be grouped by {}.",
                query::MAX_DIMENSIONS,
                Column::names(Column::GROUPABLE),
                times.join(", "),
                Column::not_of_sessions()
            );
            simple["description"] = described.into();
        } else if name == "limit" && kind == query::STATS {
            simple["maximum"] = 1000.into();
            simple["default"] = 100.into();
        } else if name == "order_by" {
            simple["maxItems"] = 20.into();
            simple["items"] = json!({ "type": "array", "items": { "type": "string" }, "minItems": 2, "maxItems": 2 });
        } else if name == "result_by" {
            simple["maxLength"] = 210.into();
        } else if name == "on" {
            simple.as_object_mut().unwrap().remove("enum");
            simple["type"] = "string".into();
            simple["maxLength"] = 210.into();
        }
        properties.insert(name.clone(), simple);
    }
    let mut schema = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if let Some(required) = question.get("required") {
        schema["required"] = required.clone();
    }
    schema
}

/// A condition, or the name of an event.
fn named(mut condition: Value) -> Value {
    condition["type"] = json!(["string", "array"]);
    condition["maxLength"] = MAX_EVENT.into();
    condition
}

/// The arguments of a type, with shared parts as references by name (`true`).
fn of_type(derived: &Derived) -> Value {
    let parts = parts();
    let mut schema = derived.simple(&derived.schema);
    schema.as_object_mut().unwrap().remove("description");
    schema["additionalProperties"] = false.into();
    if schema.get("properties").is_none() {
        schema["properties"] = json!({});
    }
    for (name, member) in schema["properties"].as_object_mut().unwrap() {
        without_null(member);
        if parts.get(name).is_some_and(|part| part["description"] == member["description"]) {
            *member = true.into();
        }
    }
    schema
}

fn input(tool: &Tool) -> Value {
    let mut schema = match tool.ask {
        Ask::Stats | Ask::Funnel | Ask::Retention | Ask::Journeys | Ask::Match => {
            of_question(tool.ask.kind().expect("it asks a report"))
        }
        Ask::TopSources => of_type(&of::<TopSources>()),
        Ask::TopPages => of_type(&of::<TopPages>()),
        Ask::Compare => of_type(&of::<ComparePeriods>()),
        Ask::CompareProjects => of_type(&of::<CompareProjects>()),
        Ask::Events => of_type(&of::<QueryEvents>()),
        Ask::Realtime => of_type(&of::<Realtime>()),
        Ask::Schema => of_type(&of::<ListEvents>()),
        Ask::Explain => of_type(&of::<ExplainSource>()),
        Ask::Usage => of_type(&of::<Usage>()),
        Ask::Track => of_type(&of::<TrackEvent>()),
        Ask::Definitions | Ask::Projects | Ask::Segments => of_type(&of::<Nothing>()),
    };
    schema["examples"] = serde_json::from_str(tool.examples).expect("examples are JSON");
    schema
}

fn output(tool: &Tool) -> Value {
    let derived = match tool.ask {
        Ask::Explain => of::<Explained>(),
        Ask::Definitions => of::<query::Catalogue>(),
        Ask::Track => of::<Tracked>(),
        Ask::Projects => of::<ListedProjects>(),
        Ask::Usage => of::<UsageAnswer>(),
        Ask::Segments => of::<ListedSegments>(),
        ask => derived(SchemaSettings::draft2020_12().for_serialize(), ask.kind().expect("it asks a report").answer),
    };
    let mut schema = derived.simple(&derived.schema);
    shorten(&mut schema);
    let members = schema.as_object_mut().unwrap();
    members.remove("additionalProperties");
    members.remove("description");
    let texts =
        |description: &str| json!({ "type": "array", "items": { "type": "string" }, "description": description });
    schema["properties"]["notes"] = texts("The period, limits that applied, and what an empty answer means.");
    if tool.ask.kind().is_some() {
        schema["properties"]["did_you_mean"] = texts("Names in the question that do not exist, and similar ones.");
    }
    if tool.ask == Ask::Schema {
        // `get_metric_definitions` lists them.
        schema["properties"].as_object_mut().unwrap().remove("dimensions");
        schema["required"].as_array_mut().unwrap().retain(|name| name != "dimensions");
    }
    schema["required"].as_array_mut().unwrap().push("notes".into());
    schema
}

/// Leaves out of an answer's schema what a model does not need: it reads the list of tools in every conversation.
fn shorten(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    for keyword in ["minimum", "default", "examples"] {
        members.remove(keyword);
    }
    if members.get("type") == Some(&json!("object")) && members.get("required").is_some_and(Value::is_array) {
        members.remove("description");
    }
    members.get_mut("items").into_iter().for_each(shorten);
    for (_, member) in members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        shorten(member);
    }
}

fn holds(name: &str, wanted: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/mcp/schemas").join(format!("{name}.json"));
    let wanted = format!("{wanted}\n");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "src/mcp/schemas/{name}.json is outdated: run with UPDATE_DOCS=1");
}

#[test]
fn the_schemas_are_those_of_the_types() {
    holds("parts", &parts().into());
    for tool in TOOLS {
        holds(tool.name, &input(tool));
        holds(&format!("{}.output", tool.name), &output(tool));
    }
}

/// VS Code, Gemini and `OpenAI` refuse tools with an array that does not say what it holds.
#[test]
fn every_array_has_items_at_every_depth() {
    fn walk(schema: &Value, at: &str) {
        let is_array = schema["type"] == "array"
            || schema["type"].as_array().is_some_and(|types| types.iter().any(|name| name == "array"));
        assert!(!is_array || schema["items"].is_object(), "{at} is an array without items: {schema}");
        for (name, part) in schema["properties"].as_object().into_iter().flatten() {
            walk(part, &format!("{at}.{name}"));
        }
        for part in [&schema["items"], &schema["additionalProperties"]].into_iter().filter(|part| part.is_object()) {
            walk(part, &format!("{at}[]"));
        }
    }
    for tool in TOOLS {
        for door in tool.doors {
            walk(&tool.input(*door), tool.name);
            walk(&tool.output(*door), &format!("{} answers", tool.name));
        }
    }
}
