//! Tools about the projects of an organization: one question after the other, each bounded like any other.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::App;
use super::manage::{month, outward};
use super::principal::Principal;
use super::report::Sent;
use crate::mcp::{Ask, Tool, failed, notes, question};
use crate::store::StoreError;
use intake::error::ApiError;
use intake::time::Timestamp;
use query::{Path, nearest};

/// Projects of one call at most.
const MAX_PROJECTS: usize = 20;
/// No further project is asked about once a call has taken so long, in milliseconds.
const MAX_MS: i64 = 20_000;
/// Longest that the control plane may take.
const LIMIT: Duration = Duration::from_millis(2_500);

/// A project of the organization.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Listed {
    id: String,
    slug: String,
    name: String,
    timezone: String,
}

/// The projects of a call, and what is to be said of those that are left out.
struct Chosen {
    projects: Vec<Listed>,
    notes: Vec<String>,
}

impl App {
    /// The projects that an account key opens.
    pub(super) async fn projects_of(&self, caller: &Principal) -> Result<Vec<Listed>, ApiError> {
        let body = json!({ "organization_id": caller.key()?.organization_id }).to_string();
        let answer = self.config()?.control_plane.call("account_projects", body, LIMIT).await.map_err(outward)?;
        intake::json::read(&answer).map_err(|error| StoreError::Unusable(error.to_string()).control_plane())
    }

    /// The projects that the arguments name: all of them where they name none.
    async fn chosen(&self, caller: &Principal, given: &Map<String, Value>) -> Result<Chosen, ApiError> {
        let mut projects = self.projects_of(caller).await?;
        let named: Vec<&str> = match given.get("projects") {
            Some(Value::String(one)) if one == "all" => Vec::new(),
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for (index, name) in named.iter().enumerate() {
            if !projects.iter().any(|project| project.slug == *name || project.id == *name) {
                let near = nearest(projects.iter().map(|project| project.slug.as_str()), name, 5).join(", ");
                let path = Path::new("/projects");
                let path = if given["projects"].is_array() { path.index(index) } else { path };
                return Err(path.fault(format!("names no project of this organization; there are {near}")).into());
            }
        }
        if !named.is_empty() {
            projects.retain(|project| named.contains(&project.slug.as_str()) || named.contains(&project.id.as_str()));
        }
        let mut notes = Vec::new();
        if projects.len() > MAX_PROJECTS {
            let left: Vec<String> = projects.drain(MAX_PROJECTS..).map(|project| project.slug).collect();
            notes.push(format!("{MAX_PROJECTS} projects at most: left out are {}.", left.join(", ")));
        }
        if projects.is_empty() {
            notes.push("The organization has no projects.".to_owned());
        }
        Ok(Chosen { projects, notes })
    }

    /// Asks one project after the other, as long as there is time; those that are left are named in the notes.
    async fn each<T>(
        &self,
        caller: &Principal,
        chosen: &mut Chosen,
        ask: impl AsyncFn(&Listed, Timestamp) -> Result<T, ApiError>,
    ) -> Result<Vec<T>, ApiError> {
        let begin = (self.runtime.now)();
        let mut answers = Vec::new();
        let mut left = Vec::new();
        for project in &chosen.projects {
            let now = (self.runtime.now)();
            if now.0 - begin.0 > MAX_MS {
                left.push(project.slug.as_str());
                continue;
            }
            self.admit_question(caller, now).await?;
            answers.push(ask(project, now).await?);
        }
        if !left.is_empty() {
            chosen.notes.push(format!("It took too long: not asked were {}. Name them.", left.join(", ")));
        }
        Ok(answers)
    }

    /// Asks the same of each project.
    pub(super) async fn spread(
        &self,
        caller: &Principal,
        tool: &Tool,
        given: &Map<String, Value>,
    ) -> Result<Value, ApiError> {
        let mut chosen = self.chosen(caller, given).await?;
        let ask = async |project: &Listed, now: Timestamp| {
            match Box::pin(self.told_of(caller, tool, given, Some(&project.id), now)).await {
                Ok(answer) => Ok(json!({ "project": project.slug, "answer": answer })),
                // What is wrong with the question is wrong for all of them.
                Err(error) if error.code.status() == 400 => Err(error),
                Err(error) => Ok(json!({ "project": project.slug, "error": failed(&error) })),
            }
        };
        let answers = self.each(caller, &mut chosen, ask).await?;
        Ok(json!({ "projects": answers, "notes": chosen.notes }))
    }

    /// The tools that only an organization has.
    pub(super) async fn account_answer(
        &self,
        caller: &Principal,
        tool: &Tool,
        given: &Map<String, Value>,
    ) -> Result<Value, ApiError> {
        match tool.ask {
            Ask::Projects => {
                self.admit_question(caller, (self.runtime.now)()).await?;
                Ok(json!({ "projects": self.projects_of(caller).await?, "notes": [] }))
            }
            Ask::Usage => {
                self.admit_question(caller, (self.runtime.now)()).await?;
                let months = json!({ "month_from": month_in(given, "from")?, "month_to": month_in(given, "to")? });
                let mut answer = self.control("usage_get", caller, months).await?;
                answer["notes"] =
                    json!(["The meter is set every few minutes; events sent just now are not in it yet."]);
                Ok(answer)
            }
            _ => self.compared(caller, tool, given).await,
        }
    }

    /// One row a project.
    async fn compared(&self, caller: &Principal, tool: &Tool, given: &Map<String, Value>) -> Result<Value, ApiError> {
        let mut chosen = self.chosen(caller, given).await?;
        let ask = async |project: &Listed, now: Timestamp| {
            let mut asked = question(tool.ask, given, self.today(caller, given, now))?;
            asked["project"] = project.id.as_str().into();
            let mut answer = self.value_of(caller, query::STATS, Sent::Json(&asked), now).await?;
            // Without dimensions there is one row, also of nothing.
            let mut row = answer.pointer_mut("/rows/0").map_or_else(|| json!({}), Value::take);
            row["project"] = project.slug.as_str().into();
            Ok((answer, row))
        };
        let answers = self.each(caller, &mut chosen, ask).await?;
        let (mut answers, rows): (Vec<Value>, Vec<Value>) = answers.into_iter().unzip();
        // All of them are about the same period.
        let mut whole = answers.pop().unwrap_or_else(|| json!({ "metrics": [], "meta": {} }));
        whole["rows"] = rows.into();
        whole["dimensions"] = json!(["project"]);
        let (mut told, _) = notes(tool.ask, &whole);
        told.append(&mut chosen.notes);
        whole["notes"] = told.into();
        Ok(whole)
    }
}

/// A month, as the control plane takes it.
fn month_in(given: &Map<String, Value>, name: &str) -> Result<Option<String>, ApiError> {
    let Some(text) = given.get(name).and_then(Value::as_str) else { return Ok(None) };
    month(text).map(Some).ok_or_else(|| Path::new("").member(name).fault("must be a month, like 2026-11").into())
}
