//! Dates and times as text, read and written byte by byte: every event brings one and takes two along.

use super::DAY_MS;
use super::civil::Civil;

/// Reads `2026-11-21`; days since 1970-01-01, and what follows.
pub(super) fn date(text: &[u8]) -> Option<(i64, &[u8])> {
    let (year, rest) = digits::<4>(text)?;
    let (month, rest) = digits::<2>(after(rest, b'-')?)?;
    let (day, rest) = digits::<2>(after(rest, b'-')?)?;
    Some((Civil { year: year.into(), month, day }.days()?, rest))
}

/// Reads `DATE`, `DATE[T ]HH:MM[:SS[.F]]` and the same with a zone; milliseconds since 1970. Digits past the
/// third behind the point are dropped. A leap second is the first of the next minute.
pub(super) fn instant(text: &[u8]) -> Option<i64> {
    let (days, rest) = date(text)?;
    let [b'T' | b't' | b' ', rest @ ..] = rest else {
        return rest.is_empty().then_some(days * DAY_MS);
    };
    let (hour, rest) = digits::<2>(rest)?;
    let (minute, rest) = digits::<2>(after(rest, b':')?)?;
    let (second, rest) = match rest {
        [b':', rest @ ..] => digits::<2>(rest)?,
        _ => (0, rest),
    };
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => milliseconds(rest)?,
        _ => (0, rest),
    };
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let of_day = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    Some(days * DAY_MS + (of_day - zone(rest)? * 60) * 1000 + fraction)
}

/// Minutes east of Greenwich; nothing stands for UTC.
fn zone(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = digits::<2>(rest)?;
    let (minutes, rest) = digits::<2>(after(rest, b':').unwrap_or(rest))?;
    (rest.is_empty() && hours < 24 && minutes < 60).then(|| sign * (i64::from(hours) * 60 + i64::from(minutes)))
}

/// One digit at least.
fn milliseconds(text: &[u8]) -> Option<(i64, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (fraction, rest) = text.split_at_checked(end)?;
    let places = [100, 10, 1];
    let kept = fraction.iter().zip(places).map(|(digit, place)| i64::from(digit - b'0') * place).sum();
    (end > 0).then_some((kept, rest))
}

fn digits<const COUNT: usize>(text: &[u8]) -> Option<(u32, &[u8])> {
    let (head, rest) = text.split_first_chunk::<COUNT>()?;
    let mut number = 0;
    for byte in head {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u32::from(digit);
    }
    Some((number, rest))
}

fn after(text: &[u8], mark: u8) -> Option<&[u8]> {
    text.split_first().filter(|(first, _)| **first == mark).map(|(_, rest)| rest)
}

/// `2026-11-21T10:00:00.123` with `between` in the place of the `T`. Years have four digits: what lies
/// outside of 0000..=9999 is written as the nearest instant within.
pub(super) fn written(ms: i64, between: u8) -> [u8; 23] {
    let ms = ms.clamp(-62_167_219_200_000, 253_402_300_799_999);
    let (date, of_day) = (Civil::of(ms.div_euclid(DAY_MS)), ms.rem_euclid(DAY_MS));
    let mut text = *b"0000-00-00 00:00:00.000";
    text[10] = between;
    put::<4>(&mut text, 0, date.year);
    put::<2>(&mut text, 5, date.month.into());
    put::<2>(&mut text, 8, date.day.into());
    put::<2>(&mut text, 11, of_day / 3_600_000);
    put::<2>(&mut text, 14, of_day / 60_000 % 60);
    put::<2>(&mut text, 17, of_day / 1000 % 60);
    put::<3>(&mut text, 20, of_day % 1000);
    text
}

fn put<const COUNT: usize>(text: &mut [u8; 23], at: usize, mut number: i64) {
    for slot in text.iter_mut().skip(at).take(COUNT).rev() {
        *slot = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}
