//! Schemas derived from the types that the handlers write. Doc comments become descriptions, so this module's types
//! are described where they are defined.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

use super::Schemas;

/// How this document derives schemas: components by their names, in the words of [`plain`].
pub(super) fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.definitions_path = "/components/schemas".into();
        settings.transforms.push(Box::new(RecursiveTransform(plain)));
    })
}

/// Collects the schemas of bodies and answers, and of the types in them that are not inlined.
pub(super) struct Derived {
    /// A member of a body can be absent; one of an answer that can be null is there all the same.
    bodies: SchemaGenerator,
    answers: SchemaGenerator,
    examples: Vec<(Cow<'static, str>, Value)>,
}

impl Derived {
    pub(super) fn new() -> Self {
        let (bodies, answers) = (settings().into_generator(), settings().for_serialize().into_generator());
        Self { bodies, answers, examples: Vec::new() }
    }

    /// Adds a body, with examples if they are not null. A test validates them.
    pub(super) fn body<T: JsonSchema>(mut self, examples: Value) -> Self {
        self.bodies.subschema_for::<T>();
        self.examples.push((T::schema_name(), examples));
        self
    }

    /// Adds an answer, with examples if they are not null.
    pub(super) fn answer<T: JsonSchema>(mut self, examples: Value) -> Self {
        self.answers.subschema_for::<T>();
        self.examples.push((T::schema_name(), examples));
        self
    }

    /// The schemas by their names. A type of both bodies and answers is described as in bodies.
    pub(super) fn schemas(mut self) -> Schemas {
        let mut schemas = self.answers.take_definitions(true);
        schemas.extend(self.bodies.take_definitions(true));
        for (name, examples) in self.examples.into_iter().filter(|(_, examples)| !examples.is_null()) {
            schemas[&*name]["examples"] = examples;
        }
        schemas
    }
}

/// As the document writes schemas: numbers without the formats of Rust's types, and words as one list.
fn plain(schema: &mut Schema) {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    if ["int", "uint", "double"].iter().any(|kind| format.starts_with(kind)) {
        schema.remove("format");
    }
    // `default` is of serde: what is absent is null.
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(text) = schema.get("description").and_then(Value::as_str) {
        // The lines of a doc comment are one paragraph; list items stay.
        let text = text.replace("\n\n", "\0").replace("\n- ", "\u{1}").replace('\n', " ");
        let text = text.replace('\u{1}', "\n- ").replace('\0', "\n\n");
        schema.insert("description".to_owned(), text.into());
    }
    let Some(words) = schema.get("oneOf").and_then(Value::as_array) else { return };
    if let Some(words) = words.iter().map(|word| word.get("const")).collect::<Option<Vec<_>>>() {
        let words = json!(words);
        schema.remove("oneOf");
        schema.insert("type".to_owned(), "string".into());
        schema.insert("enum".to_owned(), words);
    }
}
