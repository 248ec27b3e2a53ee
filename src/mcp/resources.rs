//! The resources: texts that a client reads by their URI.

use serde_json::{Value, json};

use super::tools::Door;

/// What a resource holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The latest events, without identifiers.
    Recent,
    /// Names of events and properties.
    Schema,
    /// What metrics mean.
    Definitions,
    /// The query language.
    Language,
    /// The organization's projects.
    Projects,
}

/// One resource.
#[derive(Debug)]
pub struct Resource {
    /// Its URI.
    pub uri: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it holds, for a model.
    pub about: &'static str,
    /// Its media type.
    pub media_type: &'static str,
    /// What it holds, for the app.
    pub what: What,
    door: Option<Door>,
}

/// The query language, for a model.
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
        about: "The exact definition of each metric, and the dimensions to group by.",
        media_type: JSON,
        what: What::Definitions,
        door: None,
    },
    Resource {
        uri: "docs://query-language",
        name: "Query language",
        about: "Periods, dimensions, filters and limits of get_stats and the other tools.",
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
    /// Whether an endpoint offers it.
    pub fn is_at(&self, door: Door) -> bool {
        self.door.is_none_or(|only| only == door)
    }

    /// Its entry in `resources/list`.
    pub(super) fn listed(&self) -> Value {
        json!({ "uri": self.uri, "name": self.name, "title": self.name, "description": self.about, "mimeType": self.media_type })
    }
}
