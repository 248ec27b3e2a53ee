//! What a tool does: its arguments become a question of REST, which the handlers of REST answer; beside the answer
//! stands what a model must know of it.

use serde_json::{Map, Value, json};

use super::inbound::Inbound;
use super::ingest::Source;
use super::mcp::definitions;
use super::principal::Principal;
use super::report::Sent;
use super::{App, Deadline};
use crate::mcp::{Ask, Door, Named, Tool, instead_of, names_in, notes, question, trimmed};
use intake::error::ApiError;
use intake::time::{Day, Timestamp};

/// Dimensions whose values are looked up for an empty answer.
const MAX_LOOKED_UP: usize = 3;

impl App {
    /// Uses a tool with arguments that are not checked yet.
    pub(super) async fn use_tool(
        &self,
        request: &impl Inbound,
        caller: &Principal,
        door: Door,
        deadline: &Deadline,
        tool: &'static Tool,
        given: &Map<String, Value>,
    ) -> Result<Value, ApiError> {
        tool.check(door, given)?;
        if tool.ask == Ask::Track {
            let event = Value::Object(given.clone()).to_string();
            let taken = self.take(&Source { request, caller, deadline }, &event).await?;
            let mut answer = serde_json::to_value(&taken).unwrap_or_default();
            answer["notes"] = json!(["Stored; questions find it within seconds."]);
            return Ok(answer);
        }
        match tool.ask {
            Ask::Projects | Ask::Usage | Ask::CompareProjects => self.account_answer(caller, tool, given).await,
            _ if tool.spreads(door) => self.spread(caller, tool, given).await,
            _ => {
                let now = (self.runtime.now)();
                self.admit_question(caller, now).await?;
                self.told_of(caller, tool, given, None, now).await
            }
        }
    }

    /// The answer of a tool about one project: the key's, or the one named.
    pub(super) async fn told_of(
        &self,
        caller: &Principal,
        tool: &Tool,
        given: &Map<String, Value>,
        project: Option<&str>,
        now: Timestamp,
    ) -> Result<Value, ApiError> {
        let mut asked = question(tool.ask, given, self.today(caller, given, now))?;
        if let Some(project) = project {
            asked["project"] = project.into();
        }
        let mut answer = match (tool.ask, tool.ask.kind()) {
            (Ask::Schema, _) => self.schema_of(caller, project, now).await?,
            (_, Some(kind)) if kind.json.is_some() => self.value_of(caller, kind, Sent::Json(&asked), now).await?,
            (_, Some(kind)) => {
                let query = in_parameters(given, project);
                self.value_of(caller, kind, Sent::Parameters(&query), now).await?
            }
            (Ask::Definitions, None) => definitions()?,
            (Ask::Segments, None) => self.segments_of(caller, project).await?,
            (_, None) => explained(caller, given)?,
        };
        if tool.ask == Ask::Events {
            trimmed(&mut answer, given);
        }
        let (told, mut is_empty) = notes(tool.ask, &answer);
        let mut named = names_in(&asked);
        let mut meant = Vec::new();
        if let Some(event) = given.get("event").and_then(Value::as_str)
            && matches!(tool.ask, Ask::Schema | Ask::Realtime)
        {
            named.events.push(event.to_owned());
            if tool.ask == Ask::Schema {
                meant = instead_of(&named, &answer);
                if let Some(events) = answer.get_mut("events").and_then(Value::as_array_mut) {
                    events.retain(|one| one["name"] == event);
                }
                is_empty = false;
            }
        }
        if is_empty {
            meant = self.instead(caller, &asked, &named, project, now).await;
        }
        answer["notes"] = told.into();
        if !meant.is_empty() {
            // Apart from the notes: names of events are what visitors have sent.
            answer["did_you_mean"] = meant.into();
        }
        Ok(answer)
    }

    /// The names of events and properties; what can be grouped by is told elsewhere.
    async fn schema_of(&self, caller: &Principal, project: Option<&str>, now: Timestamp) -> Result<Value, ApiError> {
        let query = in_parameters(&Map::new(), project);
        let mut answer = self.value_of(caller, query::SCHEMA, Sent::Parameters(&query), now).await?;
        if let Some(members) = answer.as_object_mut() {
            members.remove("dimensions");
        }
        Ok(answer)
    }

    /// What may have been meant by a question that found nothing. A failure here takes nothing from the answer.
    async fn instead(
        &self,
        caller: &Principal,
        asked: &Value,
        named: &Named,
        project: Option<&str>,
        now: Timestamp,
    ) -> Vec<String> {
        let Ok(schema) = Box::pin(self.schema_of(caller, project, now)).await else { return Vec::new() };
        let mut told = instead_of(named, &schema);
        if !told.is_empty() {
            return told;
        }
        for (dimension, wanted) in named.values.iter().take(MAX_LOOKED_UP) {
            let of_sessions = dimension.starts_with("entry_") || dimension.starts_with("exit_");
            let mut values = json!({
                "metrics": [if of_sessions { "sessions" } else { "events" }], "dimensions": [dimension], "limit": 1000,
            });
            for name in ["date_range", "timezone", "project"] {
                if let Some(value) = asked.get(name) {
                    values[name] = value.clone();
                }
            }
            if let Ok(rows) = self.value_of(caller, query::STATS, Sent::Json(&values), now).await {
                told.extend(Named::other_values(dimension, wanted, &rows));
            }
        }
        told
    }

    /// The date in the question's zone; a zone that does not exist is refused when the question is read.
    pub(super) fn today(&self, caller: &Principal, given: &Map<String, Value>, now: Timestamp) -> Day {
        let own = caller.timezone();
        let zone = given.get("timezone").and_then(Value::as_str).filter(|zone| zone.len() <= 64).unwrap_or(own);
        let minutes = if zone == "UTC" { None } else { (self.runtime.offset_at)(zone, now) };
        now.plus(i64::from(minutes.unwrap_or(0)) * 60_000).day()
    }
}

/// Arguments as the query string of REST, for the questions that take one.
fn in_parameters(given: &Map<String, Value>, project: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(project) = project {
        query.append_pair("project", project);
    }
    if let Some(event) = given.get("event").and_then(Value::as_str) {
        query.append_pair("event", event);
    }
    if let Some(filters) = given.get("filters") {
        query.append_pair("filters", &filters.to_string());
    }
    if given.get("include_bots") == Some(&Value::Bool(true)) {
        query.append_pair("bots", "true");
    }
    query.finish()
}

/// Which rule decides where a visit came from, and why.
fn explained(caller: &Principal, given: &Map<String, Value>) -> Result<Value, ApiError> {
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default();
    let visit =
        classifier::Visit { url: text("url"), referrer: text("referrer"), host: "", rules: &caller.project()?.rules };
    let found = classifier::classify(&visit);
    let why = classifier::RULES
        .iter()
        .find(|rule| rule.id == found.rule_id)
        .map_or("A rule of the project's own.", |rule| rule.doc);
    Ok(json!({
        "source": found.source, "medium": found.medium, "channel": found.channel.as_str(), "campaign": found.campaign,
        "term": found.term, "content": found.content, "click_id": found.click_id, "referrer_host": found.referrer_host,
        "confidence": found.confidence.as_str(), "rule_id": found.rule_id, "why": why,
        "classifier_version": found.version,
    }))
}
