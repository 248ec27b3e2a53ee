//! SQLSTATE to HTTP status, as PostgREST maps it.
//! Source: <https://docs.postgrest.org/en/stable/references/errors.html#http-status-codes>.

use axum::http::StatusCode;

/// The status for a code. `signed_in` is false for the anonymous role: where a grant is missing it gets 401,
/// because signing in may help, and other roles get 403.
pub(super) fn status(code: &str, message: &str, signed_in: bool) -> StatusCode {
    let exact = match code {
        "23503" | "23505" => Some(StatusCode::CONFLICT),
        "25006" => Some(StatusCode::METHOD_NOT_ALLOWED),
        "21000" if message.ends_with("requires a WHERE clause") => Some(StatusCode::BAD_REQUEST),
        "21000" | "53400" | "42P17" => Some(StatusCode::INTERNAL_SERVER_ERROR),
        "22023" if message.starts_with("role") && message.ends_with("does not exist") => Some(StatusCode::UNAUTHORIZED),
        "57P01" => Some(StatusCode::SERVICE_UNAVAILABLE),
        "P0001" => Some(StatusCode::BAD_REQUEST),
        "42883" | "42P01" => Some(StatusCode::NOT_FOUND),
        "42501" if signed_in => Some(StatusCode::FORBIDDEN),
        "42501" => Some(StatusCode::UNAUTHORIZED),
        _ => None,
    };
    exact.unwrap_or_else(|| by_class(code))
}

fn by_class(code: &str) -> StatusCode {
    match code.get(..2).unwrap_or_default() {
        "08" | "53" => StatusCode::SERVICE_UNAVAILABLE,
        "0L" | "0P" | "28" => StatusCode::FORBIDDEN,
        "09" | "25" | "2D" | "38" | "39" | "3B" | "40" | "54" | "55" | "57" | "58" | "F0" | "HV" | "P0" | "XX" => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        // `raise sqlstate 'PT404'`: a function chooses its own status.
        "PT" => code
            .get(2..)
            .and_then(|digits| digits.parse::<u16>().ok())
            .and_then(|number| StatusCode::from_u16(number).ok())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        _ => StatusCode::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests {
    use super::status;

    #[test]
    fn codes_become_the_statuses_postgrest_documents() {
        for (code, message, expected) in [
            ("23505", "duplicate key", 409),
            ("23503", "foreign key", 409),
            ("23502", "not null", 400),
            ("22P02", "invalid input syntax", 400),
            ("25006", "read-only transaction", 405),
            ("21000", "UPDATE requires a WHERE clause", 400),
            ("21000", "more than one row returned by a subquery", 500),
            ("22023", "role \"x\" does not exist", 401),
            ("22023", "invalid parameter", 400),
            ("42883", "function f() does not exist", 404),
            ("42P01", "relation does not exist", 404),
            ("42P17", "infinite recursion", 500),
            ("42501", "permission denied", 403),
            ("57014", "canceling statement due to statement timeout", 500),
            ("57P01", "terminating connection", 503),
            ("53300", "too many connections", 503),
            ("08006", "connection failure", 503),
            ("P0001", "raised", 400),
            ("P0002", "no data found", 500),
            ("PT402", "pay first", 402),
            ("PTabc", "nonsense", 500),
            ("40001", "serialization failure", 500),
            ("54001", "too complex", 500),
        ] {
            assert_eq!(status(code, message, true).as_u16(), expected, "{code} {message}");
        }
        assert_eq!(status("42501", "permission denied", false).as_u16(), 401);
    }
}
