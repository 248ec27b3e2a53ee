//! Money of an event: an exact decimal and its currency.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::object::Object;

/// Digits after the point that are kept. ISO 4217's finest currencies have three (four for units of account).
const SCALE: usize = 4;
/// Largest amount, so that sums over billions of events stay within the store's Decimal(18, 4) → Decimal(38, 4).
const MAX_UNITS: i64 = 10_000_000_000_000_000;

/// An amount in ten-thousandths of the currency's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revenue {
    /// Amount × 10,000; negative for a refund.
    pub units: i64,
    /// Three capital letters (ISO 4217).
    pub currency: [u8; 3],
}

#[derive(Deserialize)]
struct RawRevenue<'a> {
    #[serde(borrow)]
    amount: Option<&'a RawValue>,
    #[serde(borrow)]
    currency: Option<Cow<'a, str>>,
}

impl Revenue {
    /// Reads `{"amount": "19.99" or 19.99, "currency": "EUR"}`.
    ///
    /// # Errors
    /// The path below `/revenue` and a sentence.
    pub fn read(json: &str) -> Result<Option<Self>, (&'static str, &'static str)> {
        if json == "null" {
            return Ok(None);
        }
        let Object(raw): Object<RawRevenue> =
            serde_json::from_str(json).map_err(|_| ("", "must be an object with amount and currency"))?;
        let amount = raw.amount.map(RawValue::get).ok_or(("/amount", "is missing"))?;
        let amount: Cow<str> = if amount.starts_with('"') {
            serde_json::from_str(amount).map_err(|_| ("/amount", "must be a decimal number or a string with one"))?
        } else {
            Cow::Borrowed(amount)
        };
        let units = parse_units(&amount)
            .ok_or(("/amount", "must be a decimal number or a string with one, at most 10^12 in size"))?;
        let currency = raw.currency.ok_or(("/currency", "is missing"))?;
        let currency = <[u8; 3]>::try_from(currency.to_ascii_uppercase().as_bytes())
            .ok()
            .filter(|code| code.iter().all(u8::is_ascii_uppercase))
            .ok_or(("/currency", "must be a three-letter code (ISO 4217)"))?;
        Ok(Some(Self { units, currency }))
    }

    /// The amount as a decimal text, e.g. `19.9900`.
    pub fn amount(&self) -> String {
        let sign = if self.units < 0 { "-" } else { "" };
        let units = self.units.unsigned_abs();
        format!("{sign}{}.{:04}", units / 10_000, units % 10_000)
    }

    /// The currency as text.
    pub fn currency(&self) -> &str {
        str::from_utf8(&self.currency).unwrap_or_default()
    }
}

/// A JSON-like decimal in ten-thousandths, rounded half away from zero; `None` if it is none or too large.
fn parse_units(text: &str) -> Option<i64> {
    let (digits, exponent) = match text.find(['e', 'E']) {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || digits.len() > 64 || !(-64..=64).contains(&exponent) {
        return None;
    }
    // Position of the point within the digits, moved by the exponent and by our scale.
    let point = i32::try_from(whole.len()).ok()? + exponent + i32::try_from(SCALE).ok()?;
    let mut units = 0_i64;
    for (index, byte) in whole.bytes().chain(fraction.bytes()).enumerate() {
        let digit = i64::from(byte.checked_sub(b'0').filter(|digit| *digit <= 9)?);
        let index = i32::try_from(index).ok()?;
        if index < point {
            units = units.checked_mul(10)?.checked_add(digit)?;
        } else if index == point && digit >= 5 {
            units += 1;
        }
    }
    let written = i32::try_from(whole.len() + fraction.len()).ok()?;
    for _ in written..point {
        units = units.checked_mul(10)?;
    }
    (units <= MAX_UNITS).then_some(if negative { -units } else { units })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (json, amount) in [
            (r#"{"amount":"19.99","currency":"eur"}"#, "19.9900"),
            (r#"{"amount":19.99,"currency":"EUR"}"#, "19.9900"),
            (r#"{"amount":0.1,"currency":"EUR"}"#, "0.1000"),
            (r#"{"amount":-5,"currency":"EUR"}"#, "-5.0000"),
            (r#"{"amount":1e3,"currency":"EUR"}"#, "1000.0000"),
            (r#"{"amount":1.5E-3,"currency":"EUR"}"#, "0.0015"),
            (r#"{"amount":19.990000000000002,"currency":"EUR"}"#, "19.9900"),
            (r#"{"amount":0.00005,"currency":"EUR"}"#, "0.0001"),
        ] {
            let revenue = Revenue::read(json).unwrap().unwrap();
            assert_eq!((revenue.amount().as_str(), revenue.currency()), (amount, "EUR"), "{json}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, path) in [
            ("7", ""),
            (r#"{"currency":"EUR"}"#, "/amount"),
            (r#"{"amount":"12,5","currency":"EUR"}"#, "/amount"),
            (r#"{"amount":"1e99","currency":"EUR"}"#, "/amount"),
            (r#"{"amount":true,"currency":"EUR"}"#, "/amount"),
            (r#"{"amount":1}"#, "/currency"),
            (r#"{"amount":1,"currency":"euro"}"#, "/currency"),
            (r#"{"amount":1,"currency":"E€"}"#, "/currency"),
        ] {
            assert_eq!(Revenue::read(json).unwrap_err().0, path, "{json}");
        }
        assert_eq!(Revenue::read("null"), Ok(None));
    }
}
