//! Schemas derived from the types that the handlers write. Doc comments become descriptions, so this module's types
//! are described where they are defined.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
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

/// The schema of an answer, with examples, and those of the types in it that are not inlined.
pub(super) fn answer<T: JsonSchema>(examples: &Value) -> Schemas {
    let mut generator = settings().for_serialize().into_generator();
    generator.subschema_for::<T>();
    let name = T::schema_name();
    let schemas = generator.take_definitions(true).into_iter().map(|(found, schema)| {
        let mut schema = Schema::try_from(schema).unwrap_or_default();
        if found == name {
            schema.insert("examples".to_owned(), examples.clone());
        }
        (&*found.leak(), Value::from(schema))
    });
    schemas.collect()
}

/// As the document writes schemas: numbers without the formats of Rust's types, and words as one list.
fn plain(schema: &mut Schema) {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    if ["int", "uint", "double"].iter().any(|kind| format.starts_with(kind)) {
        schema.remove("format");
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
