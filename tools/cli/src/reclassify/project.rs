//! Projects, with the settings that classification uses.

use anyhow::{Context as _, Result};
use classifier::hygiene::{DEFAULT_KEPT, store_url};
use classifier::{Field, ProjectRule, ProjectRules};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::control::ControlPlane;

/// A URL with every parameter that the classifier reads.
const SPECIMEN: &str = "https://a.test/?utm_source=a&utm_medium=a&utm_campaign=a&utm_content=a&ref=a&source=a&via=a";

/// A project.
pub(super) struct Project {
    pub(super) id: String,
    pub(super) slug: String,
    pub(super) rules: ProjectRules,
    /// Ids of its rules that read URL parameters.
    by_parameters: Vec<String>,
    /// Whether its stored URLs keep all parameters that attribute a visit.
    pub(super) keeps_all: bool,
}

#[derive(Deserialize)]
struct Raw {
    id: String,
    slug: String,
    #[serde(default, deserialize_with = "or_none")]
    classifier_rules: Vec<ProjectRule>,
    #[serde(default, deserialize_with = "or_none")]
    internal_hosts: Vec<String>,
    kept_params: Option<Vec<String>>,
}

impl Project {
    /// Reads a project as the control plane shows it.
    pub(super) fn read(value: &Value) -> Result<Self> {
        let raw = Raw::deserialize(value).context("the control plane's project is not in the expected form")?;
        let kept: Vec<&str> = match &raw.kept_params {
            Some(own) => own.iter().map(String::as_str).collect(),
            None => DEFAULT_KEPT.to_vec(),
        };
        let by_parameters = raw.classifier_rules.iter().filter(|rule| rule.field != Field::ReferrerHost);
        Ok(Self {
            by_parameters: by_parameters.map(|rule| rule.id.clone()).collect(),
            keeps_all: store_url(SPECIMEN, &kept) == SPECIMEN,
            // As the Worker does: rules that cannot be parsed, which cannot be set, count as none.
            rules: ProjectRules::new(raw.classifier_rules, raw.internal_hosts).unwrap_or_default(),
            id: raw.id,
            slug: raw.slug,
        })
    }

    /// Whether a rule uses URL parameters other than click ids, whose names are always stored.
    pub(super) fn is_by_parameters(&self, rule_id: &str) -> bool {
        ["utm-", "paid-medium", "ref-"].iter().any(|start| rule_id.starts_with(start))
            || self.by_parameters.iter().any(|id| id == rule_id)
    }
}

/// All projects, or those of one slug or organization.
pub(super) fn find(control: &ControlPlane, organization: Option<&str>, slug: Option<&str>) -> Result<Vec<Project>> {
    control.projects(organization, slug)?.iter().map(Project::read).collect()
}

/// A list; empty if the column is null.
fn or_none<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
