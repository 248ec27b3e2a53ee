//! JSON Schemas of the words of keys. Compiled only with the feature `documented`, for the generated documents.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{Kind, Scope};

macro_rules! words {
    ($type:ident, $about:literal) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "enum": Self::ALL.map(Self::as_str), "description": $about })
            }
        }
    };
}

words!(Kind, "`pk`: in browsers, writes; `sk`: on servers, writes and reads; `rk`: reads; `ak`: an organization.");
words!(Scope, "`ingest`: send events; `read`: ask questions; `admin`: manage projects and keys.");
