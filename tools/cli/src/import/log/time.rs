//! `17/May/2015:10:05:03 +0000`, the time of the common log format.

use chrono::NaiveDate;

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Milliseconds since 1970, UTC. `None` where the text is no such time.
pub(super) fn parse(text: &[u8]) -> Option<i64> {
    let [
        d1,
        d2,
        b'/',
        m1,
        m2,
        m3,
        b'/',
        y1,
        y2,
        y3,
        y4,
        b':',
        h1,
        h2,
        b':',
        n1,
        n2,
        b':',
        s1,
        s2,
        b' ',
        sign,
        zone @ ..,
    ] = text
    else {
        return None;
    };
    let [z1, z2, z3, z4] = zone else { return None };
    let name = [*m1, *m2, *m3];
    let month = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(&name))?;
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(number(&[*y1, *y2, *y3, *y4])?).ok()?,
        u32::try_from(month).ok()? + 1,
        number(&[*d1, *d2])?,
    )?;
    // A leap second is told as 60; no clock of ours knows it.
    let seconds = number(&[*s1, *s2]).filter(|seconds| *seconds <= 60)?.min(59);
    let local = date.and_hms_opt(number(&[*h1, *h2])?, number(&[*n1, *n2])?, seconds)?;
    let minutes = number(&[*z3, *z4]).filter(|minutes| *minutes < 60)?;
    let offset = i64::from(number(&[*z1, *z2])? * 60 + minutes) * 60_000;
    let local = local.and_utc().timestamp_millis();
    match sign {
        b'+' => Some(local - offset),
        b'-' => Some(local + offset),
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use intake::time::Timestamp;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn offsets_lead_to_utc() {
        for (text, iso) in [
            ("17/May/2015:10:05:03 +0000", "2015-05-17T10:05:03.000Z"),
            ("17/May/2015:01:05:03 +0530", "2015-05-16T19:35:03.000Z"),
            ("31/Dec/2015:22:30:00 -0330", "2016-01-01T02:00:00.000Z"),
            ("29/Feb/2016:00:00:00 +0000", "2016-02-29T00:00:00.000Z"),
            ("31/Dec/2016:23:59:60 +0000", "2016-12-31T23:59:59.000Z"),
        ] {
            assert_eq!(parse(text.as_bytes()).map(|ms| Timestamp(ms).to_iso()).as_deref(), Some(iso), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "-",
            "17/May/2015:10:05:03",
            "17/May/2015:10:05:03 0000",
            "17/May/2015:10:05:03 +00000",
            "29/Feb/2015:10:05:03 +0000",
            "17/Mai/2015:10:05:03 +0000",
            "17/May/2015:24:05:03 +0000",
            "17/May/2015:10:05:61 +0000",
            "17/May/2015:10:05:03 +0060",
            "2015-05-17T10:05:03+00:00",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&text);
        }

        #[test]
        fn digits_out_of_range_do_not_panic(text in "[0-9]{2}/May/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}") {
            let _ = parse(text.as_bytes());
        }
    }
}
