//! A stored row and its new classification.

use anyhow::{Context as _, Result};
use classifier::{Visit, classify};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::project::Project;

/// A row with all its columns; those not named here are passed through unchanged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Row {
    pub(super) event_id: String,
    url: String,
    referrer: String,
    precedence: String,
    classifier_version: String,
    #[serde(flatten)]
    answer: Answer,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// The classifier's result. `term` is not part of it: a stored row keeps its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Answer {
    source: String,
    medium: String,
    channel: String,
    campaign: String,
    content: String,
    click_id: String,
    referrer_host: String,
    rule_id: String,
    confidence: String,
}

/// The result for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The classification changed.
    Changed,
    /// The same classification, by the current version.
    Same,
    /// Its stored URL lacks the parameters that the classification came from, so it cannot be repeated.
    Left,
}

impl Row {
    /// Classifies again. Unless the outcome is `Left`, the row then replaces the stored one.
    pub(super) fn classify_again(&mut self, project: &Project) -> Result<Outcome> {
        if self.lacks_parameters(project) {
            return Ok(Outcome::Left);
        }
        let visit = Visit { url: &self.url, referrer: &self.referrer, host: "", rules: &project.rules };
        let attribution = classify(&visit);
        attribution.version.clone_into(&mut self.classifier_version);
        let answer = Answer {
            source: attribution.source.into_owned(),
            medium: attribution.medium.into_owned(),
            channel: attribution.channel.as_str().to_owned(),
            campaign: attribution.campaign.into_owned(),
            content: attribution.content.into_owned(),
            click_id: attribution.click_id.to_owned(),
            referrer_host: attribution.referrer_host.into_owned(),
            rule_id: attribution.rule_id.into_owned(),
            confidence: attribution.confidence.as_str().to_owned(),
        };
        // The largest precedence wins; of two that are equal, the one written last.
        let precedence: u64 = self.precedence.parse().context("a precedence is not a number")?;
        self.precedence = precedence.saturating_add(1).to_string();
        let outcome = if answer == self.answer { Outcome::Same } else { Outcome::Changed };
        self.answer = answer;
        Ok(outcome)
    }

    /// Whether the classification came from parameters that were not stored: the project keeps fewer than the
    /// classifier reads, or did when the row was written.
    fn lacks_parameters(&self, project: &Project) -> bool {
        let took_some = !self.answer.campaign.is_empty()
            || !self.answer.content.is_empty()
            || project.is_by_parameters(&self.answer.rule_id);
        took_some && !(project.keeps_all && has_parameters(&self.url))
    }
}

/// Whether a URL has parameters that attribute a visit. A name with an escape in it may be one.
fn has_parameters(url: &str) -> bool {
    let (_, query) = url.split_once('?').unwrap_or_default();
    query.split('&').any(|pair| {
        let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        let name = name.strip_prefix("amp;").unwrap_or(&name);
        name.contains('%') || name.starts_with("utm_") || matches!(name, "ref" | "source" | "via")
    })
}

#[cfg(test)]
mod tests {
    use classifier::CLASSIFIER_VERSION;
    use serde_json::{Value, json};

    use super::{Outcome, Row};
    use crate::reclassify::project::Project;

    fn project(settings: &Value) -> Project {
        let mut project = json!({ "id": "1", "slug": "shop", "kept_params": null });
        for (name, value) in settings.as_object().unwrap() {
            project[name] = value.clone();
        }
        Project::read(&project).unwrap()
    }

    fn row(url: &str, referrer: &str, source: &str, rule_id: &str) -> Value {
        json!({
            "event_id": "a", "url": url, "referrer": referrer, "precedence": "18446744073709551614",
            "classifier_version": "old", "source": source, "medium": "", "channel": "", "campaign": "",
            "content": "", "click_id": "", "referrer_host": "", "rule_id": rule_id, "confidence": "low",
            "term": "kept", "revenue": "12345678901234.5678", "visitor_hash": "18446744073709551615",
            "properties": "{\"a\":1.10}", "currency": "EUR",
        })
    }

    fn asked(value: &Value, project: &Project) -> (Outcome, Value) {
        let mut row: Row = serde_json::from_value(value.clone()).unwrap();
        let outcome = row.classify_again(project).unwrap();
        (outcome, serde_json::to_value(row).unwrap())
    }

    #[test]
    fn only_the_answer_its_version_and_the_precedence_change() {
        let before = row("https://a.test/", "https://www.google.com/", "wrong", "direct");
        let (outcome, after) = asked(&before, &project(&json!({})));
        assert_eq!(outcome, Outcome::Changed);
        let mut expected = before;
        for (name, value) in [
            ("source", "google"),
            ("medium", "organic"),
            ("channel", "Organic Search"),
            ("referrer_host", "www.google.com"),
            ("rule_id", "referrer-search"),
            ("confidence", "medium"),
            ("classifier_version", CLASSIFIER_VERSION),
            ("precedence", "18446744073709551615"),
        ] {
            expected[name] = value.into();
        }
        assert_eq!(after, expected);
        let (outcome, again) = asked(&after, &project(&json!({})));
        assert_eq!((outcome, again), (Outcome::Same, expected));
    }

    #[test]
    fn what_is_rewritten_is_what_the_table_of_columns_says() {
        let row: Row = serde_json::from_value(row("https://a.test/", "", "x", "direct")).unwrap();
        let answer = serde_json::to_value(row.answer).unwrap();
        let mut rewritten: Vec<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
        rewritten.push("classifier_version");
        rewritten.sort_unstable();
        let mut known: Vec<&str> = schema::Column::RECLASSIFIED.iter().map(|column| column.as_str()).collect();
        known.sort_unstable();
        assert_eq!(rewritten, known);
    }

    #[test]
    fn the_projects_own_rules_hold() {
        let rules = json!({ "classifier_rules": [
            { "id": "ours", "field": "referrer_host", "pattern": "google.com", "source": "own", "medium": "rule" }] });
        let (_, after) = asked(&row("https://a.test/", "https://www.google.com/", "x", "direct"), &project(&rules));
        assert_eq!((&after["source"], &after["rule_id"]), (&json!("own"), &json!("ours")));
    }

    #[test]
    fn what_came_from_parameters_that_are_not_stored_is_left() {
        let all = project(&json!({}));
        let few = project(&json!({ "kept_params": ["page", "utm_source"], "classifier_rules": [
            { "id": "ours", "field": "utm_campaign", "pattern": "x*", "source": "own", "medium": "rule" }] }));
        let (bare, tagged) = ("https://a.test/", "https://a.test/?utm_source=news");
        for (project, url, rule, outcome) in [
            (&all, tagged, "utm-source", Outcome::Changed),
            (&all, "https://a.test/?amp;Via=news", "ref-parameter", Outcome::Changed),
            (&all, "https://a.test/?utm%5Fsource=news", "utm-source", Outcome::Changed),
            (&all, bare, "referrer", Outcome::Changed),
            (&all, bare, "utm-source", Outcome::Left),
            (&few, tagged, "utm-source", Outcome::Left),
            (&few, bare, "ours", Outcome::Left),
            (&few, bare, "referrer", Outcome::Changed),
        ] {
            let before = row(url, "", "before", rule);
            let (got, after) = asked(&before, project);
            assert_eq!(got, outcome, "{url} {rule}");
            assert_eq!(after == before, outcome == Outcome::Left, "{url} {rule}");
        }
        let mut campaign = row(bare, "https://www.google.com/", "google", "referrer-search");
        campaign["campaign"] = "spring".into();
        assert_eq!(asked(&campaign, &all).0, Outcome::Left);
    }
}
