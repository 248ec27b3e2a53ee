//! Parses and formats ISO 8601. By hand, byte by byte, for speed: every event comes with one time and is stored with two.

use super::DAY_MS;
use super::civil::Civil;

/// Parses `2026-11-21` at the beginning of `text`: days since 1970-01-01, and the rest.
pub(super) fn date(text: &[u8]) -> Option<(i64, &[u8])> {
    let (year, rest) = digits::<4>(text)?;
    let (month, rest) = digits::<2>(after(rest, b'-')?)?;
    let (day, rest) = digits::<2>(after(rest, b'-')?)?;
    Some((Civil { year: year.into(), month, day }.days()?, rest))
}

/// Parses `DATE` or `DATE[T ]HH:MM[:SS[.F]]`, with or without an offset, as milliseconds since 1970. Fractions are
/// truncated to milliseconds. A leap second (`:60`) is the first second of the next minute.
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

/// The offset from UTC in minutes, positive to the east; empty text is UTC.
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

/// At least one digit.
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

/// Formats `2026-11-21T10:00:00.123` with `between` instead of the `T`. Years have four digits: an instant outside of
/// 0000..=9999 is formatted as the nearest one within.
pub(super) fn written(ms: i64, between: u8) -> [u8; 23] {
    let ms = ms.clamp(-62_167_219_200_000, 253_402_300_799_999);
    let date = Civil::of(ms.div_euclid(DAY_MS));
    // Fits 32 bits, which WebAssembly divides faster than 64.
    let of_day = u32::try_from(ms.rem_euclid(DAY_MS)).unwrap_or(0);
    let year = u32::try_from(date.year).unwrap_or(0);
    let ([c1, c2], [y1, y2]) = (two(year / 100), two(year % 100));
    let ([m1, m2], [d1, d2]) = (two(date.month), two(date.day));
    let seconds = of_day / 1000;
    let ([h1, h2], [n1, n2], [s1, s2]) = (two(seconds / 3600), two(seconds / 60 % 60), two(seconds % 60));
    let (f1, [f2, f3]) = (digit(of_day % 1000 / 100), two(of_day % 100));
    [c1, c2, y1, y2, b'-', m1, m2, b'-', d1, d2, between, h1, h2, b':', n1, n2, b':', s1, s2, b'.', f1, f2, f3]
}

fn two(number: u32) -> [u8; 2] {
    [digit(number / 10), digit(number % 10)]
}

fn digit(number: u32) -> u8 {
    b'0' + u8::try_from(number).unwrap_or(0)
}
