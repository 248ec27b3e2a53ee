//! What an error looks like.

use serde_json::json;

use super::Schemas;
use super::build::{described, examples, object, one_of, reference};
use intake::error::{ApiError, ErrorCode};

pub(super) fn schemas() -> Schemas {
    let codes = ErrorCode::ALL.iter().map(|code| code.as_str());
    let titles: Vec<String> = ErrorCode::ALL
        .iter()
        .map(|code| format!("- `{}` ({}): {}", code.as_str(), code.status(), code.title()))
        .collect();
    let example = ApiError::new(ErrorCode::InvalidPayload, "event: is missing").field("/event", "is missing");
    let example = example.to_problem("req_83e04fb9e81623e4575c96a25d1c5390");
    vec![
        (
            "Problem",
            examples(
                described(
                    object(
                        &["type", "title", "status", "error", "detail", "request_id"],
                        json!({
                            "type": { "type": "string", "format": "uri", "description": "Where the code is explained." },
                            "title": { "type": "string", "description": "The same for every occurrence." },
                            "status": { "type": "integer", "minimum": 400, "maximum": 599 },
                            "error": reference("ErrorCode"),
                            "detail": { "type": "string", "description": "This occurrence, for people." },
                            "fields": {
                                "type": "array", "items": reference("FieldError"),
                                "description": "What of the input is at fault.",
                            },
                            "request_id": { "type": "string", "description": "As in `X-Request-Id`." },
                        }),
                    ),
                    "A problem document (RFC 9457).",
                ),
                json!([serde_json::from_str::<serde_json::Value>(&example).unwrap()]),
            ),
        ),
        (
            "FieldError",
            object(
                &["path", "message"],
                json!({
                    "path": {
                        "type": "string",
                        "description": "A JSON pointer into the body (RFC 6901), or `?name` for a query parameter.",
                    },
                    "message": { "type": "string", "description": "What would be right." },
                }),
            ),
        ),
        ("ErrorCode", described(one_of(codes), &titles.join("\n"))),
    ]
}
