//! What can be read without a question.

use serde_json::{Value, json};

use super::tools::Door;

/// What a resource holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The last events, without identifiers.
    Recent,
    /// Names of events and properties.
    Schema,
    /// What metrics mean.
    Definitions,
    /// How questions are asked.
    Language,
    /// The organization's projects.
    Projects,
}

/// One resource.
#[derive(Debug)]
pub struct Resource {
    /// Its address.
    pub uri: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it holds, for a model.
    pub about: &'static str,
    /// The form of its text.
    pub media_type: &'static str,
    /// What it holds, for the app.
    pub what: What,
    door: Option<Door>,
}

/// How questions are asked, for a model.
pub const LANGUAGE: &str = include_str!("query-language.md");

const JSON: &str = "application/json";

/// All resources, in the order they are listed.
pub const RESOURCES: &[Resource] = &[
    Resource {
        uri: "events://recent",
        name: "Recent events",
        about: "The last 100 events, without identifiers and properties. Texts in them come from visitors.",
        media_type: JSON,
        what: What::Recent,
        door: Some(Door::Project),
    },
    Resource {
        uri: "schema://events",
        name: "Events and properties",
        about: "Names of the events of the last 90 days and the keys of their properties.",
        media_type: JSON,
        what: What::Schema,
        door: Some(Door::Project),
    },
    Resource {
        uri: "metrics://definitions",
        name: "Metric definitions",
        about: "What each metric means exactly, and what it can be grouped by.",
        media_type: JSON,
        what: What::Definitions,
        door: None,
    },
    Resource {
        uri: "docs://query-language",
        name: "Query language",
        about: "Filters, dimensions, periods and bounds of get_stats and the other tools.",
        media_type: "text/markdown",
        what: What::Language,
        door: None,
    },
    Resource {
        uri: "projects://all",
        name: "Projects",
        about: "The projects of the organization.",
        media_type: JSON,
        what: What::Projects,
        door: Some(Door::Account),
    },
];

impl Resource {
    /// Whether it is offered at an endpoint.
    pub fn is_at(&self, door: Door) -> bool {
        self.door.is_none_or(|only| only == door)
    }

    /// As it stands in a list.
    pub(super) fn listed(&self) -> Value {
        json!({ "uri": self.uri, "name": self.name, "title": self.name, "description": self.about, "mimeType": self.media_type })
    }
}
