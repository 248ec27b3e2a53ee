use super::*;

const NOW: Timestamp = Timestamp(1_795_255_200_000);
const BOUNDS: Bounds = Bounds { received_at: NOW, retention_days: Some(30), trusted: true };

fn judged(json: &str) -> Result<Event<'_>, Rejection> {
    validate(serde_json::from_str(json).unwrap(), &BOUNDS, &Uuid::nil)
}

#[test]
fn the_least_that_is_an_event() {
    let event = judged(r#"{"event":"signup"}"#).unwrap();
    assert_eq!((event.event.as_ref(), event.timestamp, event.time_replaced), ("signup", NOW, false));
    assert_eq!(event.event_id, Uuid::nil().to_string());
}

#[test]
fn strings_without_escapes_are_borrowed_from_the_body() {
    let event = judged(r#"{"event":"signup","title":"a\nb"}"#).unwrap();
    assert!(matches!(event.event, Cow::Borrowed(_)));
    assert_eq!(event.title, "a\nb");
}

#[test]
fn every_wrong_field_is_named() {
    let rejection = judged(
        r#"{"event":7,"event_id":"","timestamp":"soon","anonymous_id":{"a":[1]},"url":false,"properties":[],
            "revenue":{"amount":1},"context":{"ip":"x"}}"#,
    )
    .unwrap_err();
    let paths: Vec<&str> = rejection.fields.iter().map(|field| field.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/event",
            "/event_id",
            "/anonymous_id",
            "/url",
            "/timestamp",
            "/properties",
            "/revenue/currency",
            "/context/ip"
        ]
    );
    assert_eq!(rejection.code, ErrorCode::InvalidPayload);
    let detail = judged(r#"{"url":[],"revenue":{"amount":1}}"#).unwrap_err().detail();
    assert_eq!(
        detail,
        "`event`: is missing: name the event, for example \"signup\"; `url`: must be a string, not an array; \
         `revenue.currency`: is missing: send a three-letter ISO 4217 code such as \"EUR\""
    );
}

#[test]
fn lengths_are_counted_in_characters() {
    assert!(judged(&format!(r#"{{"event":"{}"}}"#, "ä".repeat(128))).is_ok());
    assert!(judged(&format!(r#"{{"event":"{}"}}"#, "ä".repeat(129))).is_err());
}

#[test]
fn messages_say_what_is_wrong_and_what_is_allowed() {
    let long = "x".repeat(600);
    let form = "must be ISO 8601, for example \"2026-11-21T10:00:00Z\", \
                or milliseconds since 1970, for example 1795255200000";
    for (json, path, message) in [
        (r#"{"event":""}"#.to_owned(), "/event", "must not be empty: name the event, for example \"signup\""),
        (
            r#"{"event":"e","user_id":42}"#.to_owned(),
            "/user_id",
            "must be a string, not a number: send \"42\" in quotes",
        ),
        (r#"{"event":"e","url":1.5}"#.to_owned(), "/url", "must be a string, not a number"),
        (r#"{"event":"e","path":true}"#.to_owned(), "/path", "must be a string, not a boolean"),
        (r#"{"event":"e","event_id":""}"#.to_owned(), "/event_id", "must not be empty: leave the field out instead"),
        (
            format!(r#"{{"event":"e","title":"{long}"}}"#),
            "/title",
            "must be at most 512 characters long, this one has 600",
        ),
        (r#"{"event":"e","timestamp":"soon"}"#.to_owned(), "/timestamp", form),
        (
            r#"{"event":"e","timestamp":1795255200}"#.to_owned(),
            "/timestamp",
            "must be in milliseconds; this looks like seconds: send 1795255200000 instead",
        ),
        (r#"{"event":"e","timestamp":0}"#.to_owned(), "/timestamp", "must not be before the year 2000"),
        (r#"{"event":"e","timestamp":9e15}"#.to_owned(), "/timestamp", "must not be after the year 2099"),
        (
            r#"{"event":"e","timestamp":"2026-09-01"}"#.to_owned(),
            "/timestamp",
            "is older than 30 days, the project's retention",
        ),
        (
            r#"{"event":"e","properties":[]}"#.to_owned(),
            "/properties",
            "must be a JSON object, for example {\"plan\": \"pro\"}",
        ),
    ] {
        let fields = judged(json.leak()).unwrap_err().fields;
        assert_eq!(fields, [FieldError { path: path.to_owned(), message: message.into() }]);
    }
}

#[test]
fn times_are_validated_and_clamped() {
    let time = |value: &str| judged(format!(r#"{{"event":"e","timestamp":{value}}}"#).leak());
    assert_eq!(time("1795255100000").unwrap().timestamp, Timestamp(1_795_255_100_000));
    assert_eq!(time("1795255100000.25").unwrap().timestamp, Timestamp(1_795_255_100_000));
    let ahead = time(r#""2026-11-23T10:00:00Z""#).unwrap();
    assert_eq!((ahead.timestamp, ahead.time_replaced), (NOW, true));
    let within = time(r#""2026-11-22T09:00:00Z""#).unwrap();
    assert!(!within.time_replaced);
    assert_eq!(time(r#""2026-09-01T00:00:00Z""#).unwrap_err().code, ErrorCode::TimestampTooOld);
    for wrong in ["-1", "0", r#""1999-12-31T23:59:59Z""#, r#""""#, "true", "99999999999999999999"] {
        assert_eq!(time(wrong).unwrap_err().code, ErrorCode::InvalidPayload, "{wrong}");
    }
}

#[test]
fn a_uuid_v7_brings_its_time_within_the_clamp() {
    let id = |ms: u64| uuid::Builder::from_unix_timestamp_millis(ms, &[7; 10]).into_uuid();
    let event = |ms| judged(format!(r#"{{"event":"e","event_id":"{}"}}"#, id(ms)).leak()).unwrap();
    assert_eq!(event(1_795_255_100_123).timestamp, Timestamp(1_795_255_100_123));
    assert_eq!(event(1_895_255_100_123).timestamp, NOW, "too far ahead");
    assert_eq!(event(1_000).timestamp, NOW, "before 2000");
    assert_eq!(judged(r#"{"event":"e","event_id":"order-7"}"#).unwrap().timestamp, NOW);
}

#[test]
fn context_is_believed_from_secret_keys_only() {
    let json = r#"{"event":"e","context":{"ip":"192.0.2.1"}}"#;
    assert!(judged(json).unwrap().context.is_some());
    let open = Bounds { trusted: false, ..BOUNDS };
    assert_eq!(validate(serde_json::from_str(json).unwrap(), &open, &Uuid::nil).unwrap().context, None);
}
