//! `raise sqlstate 'PGRST'`: a function that writes the whole error answer itself.
//! Source: <https://docs.postgrest.org/en/stable/references/errors.html#raise-errors-with-http-status-codes>.

use std::collections::HashMap;

use axum::http::{HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;

use super::error::{Error, Problem};

#[derive(Deserialize)]
struct Said {
    code: String,
    message: String,
    details: Option<String>,
    hint: Option<String>,
}

#[derive(Deserialize)]
struct Shape {
    status: u16,
    headers: HashMap<String, String>,
}

/// The answer in the two JSON texts, or the error PostgREST gives for texts that are none.
pub(super) fn decode(message: &str, detail: Option<&str>) -> Error {
    let Ok(said) = serde_json::from_str::<Said>(message) else {
        return malformed(format!("Invalid JSON value for MESSAGE: '{message}'"));
    };
    let Some(detail) = detail else {
        return malformed("DETAIL is missing in the RAISE statement".to_owned());
    };
    let parsed = serde_json::from_str::<Shape>(detail)
        .ok()
        .and_then(|shape| Some((StatusCode::from_u16(shape.status).ok()?, shape.headers)));
    let Some((status, headers)) = parsed else {
        return malformed(format!("Invalid JSON value for DETAIL: '{detail}'"));
    };
    let headers = headers
        .iter()
        .filter_map(|(name, value)| Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_str(value).ok()?)))
        .collect();
    Error::from_problem(Problem {
        status,
        code: said.code,
        message: said.message,
        details: said.details,
        hint: said.hint,
        headers,
    })
}

fn malformed(details: String) -> Error {
    Error::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "PGRST121",
        "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error",
    )
    .details(details)
}
