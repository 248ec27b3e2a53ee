use super::*;
use chrono::{DateTime, NaiveDateTime, TimeZone as _, Utc};
use proptest::prelude::*;

#[test]
fn iso_forms_that_clients_send() {
    let expected = Some(Timestamp(1_795_255_200_000));
    for text in [
        "2026-11-21T10:00:00Z",
        "2026-11-21T10:00:00.000Z",
        "2026-11-21T10:00:00.0009999999Z",
        "2026-11-21T11:00:00+01:00",
        "2026-11-21T11:00:00+0100",
        "2026-11-21t10:00:00z",
        "2026-11-21T10:00:00",
        "2026-11-21 10:00:00",
        "2026-11-21 10:00:00.0",
        "2026-11-21T10:00",
        "2026-11-21T10:00Z",
        "2026-11-21T09:59:60Z",
    ] {
        assert_eq!(Timestamp::parse_iso(text), expected, "{text}");
    }
    for text in [
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "2026-02-29",
        "2026-11-21T25:00:00Z",
        "2026-11-21T10:60:00Z",
        "2026-11-21T10:00:61Z",
        "2026-11-21T10:00:00.Z",
        "2026-11-21T10:00:00+24:00",
        "2026-11-21T10:00:00+1:00",
        "2026-11-21T10:00:00 Z",
        "2026-11-21T",
        "+2026-1-1",
        "2026-1-1",
        "99999-01-01",
    ] {
        assert_eq!(Timestamp::parse_iso(text), None, "{text}");
    }
}

/// The same text parsed by chrono.
fn by_chrono(text: &str) -> Option<i64> {
    let naive = |format| NaiveDateTime::parse_from_str(text, format).ok().map(|time| time.and_utc().timestamp_millis());
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.timestamp_millis())
        .or_else(|| naive("%Y-%m-%dT%H:%M:%S%.f"))
        .or_else(|| naive("%Y-%m-%d %H:%M:%S%.f"))
        .or_else(|| naive("%Y-%m-%dT%H:%M"))
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(ms in YEAR_2000_MS..LAST_MS) {
        let time = Timestamp(ms);
        prop_assert_eq!(Timestamp::parse_iso(&time.to_iso()), Some(time));
        prop_assert_eq!(Timestamp::parse_iso(&time.to_store()), Some(time));
        prop_assert_eq!(Day::parse(&time.day().to_iso()), Some(time.day()));
    }

    #[test]
    fn it_is_written_as_chrono_writes_it(ms in -62_167_219_200_000_i64..=253_402_300_799_999) {
        let (time, theirs) = (Timestamp(ms), Utc.timestamp_millis_opt(ms).unwrap());
        prop_assert_eq!(time.to_iso(), theirs.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
        prop_assert_eq!(time.to_store(), theirs.format("%Y-%m-%d %H:%M:%S%.3f").to_string());
        prop_assert_eq!(time.day().to_iso(), theirs.format("%Y-%m-%d").to_string());
        prop_assert_eq!(format!("{:06}", time.month()), theirs.format("%Y%m").to_string());
    }

    #[test]
    fn it_is_read_as_chrono_reads_it(
        ms in -2_208_902_400_000_i64..LAST_MS - DAY_MS,
        east in -1439_i32..1440,
        places in 0_usize..12,
        form in 0_usize..4,
    ) {
        let zone = chrono::FixedOffset::east_opt(east * 60).unwrap();
        let time = zone.timestamp_millis_opt(ms).unwrap();
        let fraction = ".123456789123".get(..if places == 0 { 0 } else { places + 1 }).unwrap();
        let text = match form {
            0 => format!("{}{fraction}{}", time.format("%Y-%m-%dT%H:%M:%S"), time.format("%:z")),
            1 => format!("{}{fraction}Z", time.format("%Y-%m-%dT%H:%M:%S")),
            2 => format!("{}{fraction}", time.format("%Y-%m-%d %H:%M:%S")),
            _ => time.format("%Y-%m-%dT%H:%M").to_string(),
        };
        prop_assert_eq!(Timestamp::parse_iso(&text).map(|time| time.0), by_chrono(&text), "{}", text);
    }

    #[test]
    fn no_text_is_read_otherwise_than_by_chrono(text in "(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-9:.+Z -]{0,18}") {
        if let (Some(ours), Some(theirs)) = (Timestamp::parse_iso(&text), by_chrono(&text)) {
            prop_assert_eq!(ours.0, theirs, "{}", text);
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,40}") {
        let _ = Timestamp::parse_iso(&text);
        let _ = Day::parse(&text);
    }
}
