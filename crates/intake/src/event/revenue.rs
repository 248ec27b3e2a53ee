//! The revenue of an event: an exact decimal amount and its currency.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::object::Object;
use super::scalar::Scalar;

/// Digits stored after the decimal point. ISO 4217 has currencies with up to three, units of account with four.
const SCALE: usize = 4;
/// Largest amount, 10^12: it fits the store's `Decimal(18, 4)`, and sums of billions of them its `Decimal(38, 4)`.
const MAX_UNITS: i64 = 10_000_000_000_000_000;

/// An amount in ten-thousandths of the currency's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revenue {
    /// Amount × 10,000; negative for a refund.
    pub units: i64,
    /// ISO 4217 code, upper case.
    pub currency: [u8; 3],
}

/// Revenue of the event.
#[derive(Deserialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "documented", schemars(rename = "Revenue", extend(
    "required" = ["amount", "currency"],
    "examples" = [{ "amount": "19.99", "currency": "EUR" }, { "amount": -5, "currency": "usd" }],
)))]
pub(super) struct RawRevenue<'a> {
    /// At most 10^12 in size, four digits after the point; negative for a refund. As text it keeps every digit.
    #[serde(borrow)]
    #[cfg_attr(feature = "documented", schemars(with = "super::documented::Amount"))]
    amount: Option<&'a RawValue>,
    /// ISO 4217.
    #[serde(borrow, default)]
    #[cfg_attr(feature = "documented", schemars(with = "String", extend("pattern" = "^[A-Za-z]{3}$")))]
    currency: Scalar<'a>,
}

const OBJECT: &str = "must be an object, for example {\"amount\": \"19.99\", \"currency\": \"EUR\"}";
const AMOUNT: &str = "must be a decimal number from -10^12 to 10^12, for example 19.99 or \"19.99\"";
const CURRENCY: &str = "must be a three-letter ISO 4217 code, for example \"EUR\"";

impl Revenue {
    /// Parses `{"amount": "19.99", "currency": "EUR"}`; the amount may also be a number, the currency in lower case.
    ///
    /// # Errors
    /// The path of the wrong field below `/revenue`, and the message.
    pub fn read(json: &str) -> Result<Option<Self>, (&'static str, &'static str)> {
        if json == "null" {
            return Ok(None);
        }
        let Object(raw): Object<RawRevenue> = serde_json::from_str(json).map_err(|_| ("", OBJECT))?;
        let amount =
            raw.amount.map(RawValue::get).ok_or(("/amount", "is missing: send a decimal such as \"19.99\""))?;
        let amount: Cow<str> = if amount.starts_with('"') {
            serde_json::from_str(amount).map_err(|_| ("/amount", AMOUNT))?
        } else {
            Cow::Borrowed(amount)
        };
        let units = parse_units(&amount).ok_or(("/amount", AMOUNT))?;
        let currency = match raw.currency {
            Scalar::Absent => Err("is missing: send a three-letter ISO 4217 code such as \"EUR\""),
            Scalar::Text(text) => <[u8; 3]>::try_from(text.to_ascii_uppercase().as_bytes()).map_err(|_| CURRENCY),
            _ => Err(CURRENCY),
        };
        let currency = currency
            .and_then(|code| if code.iter().all(u8::is_ascii_uppercase) { Ok(code) } else { Err(CURRENCY) })
            .map_err(|message| ("/currency", message))?;
        Ok(Some(Self { units, currency }))
    }

    /// The amount as decimal text with four digits after the point, e.g. `19.9900`.
    pub fn amount(&self) -> String {
        let sign = if self.units < 0 { "-" } else { "" };
        let units = self.units.unsigned_abs();
        format!("{sign}{}.{:04}", units / 10_000, units % 10_000)
    }

    /// The currency's code, e.g. `EUR`.
    pub fn currency(&self) -> &str {
        str::from_utf8(&self.currency).unwrap_or_default()
    }
}

/// Parses a decimal, with or without an exponent, into ten-thousandths, rounding half away from zero. `None` if it is
/// not a decimal or is too large.
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
    // Position of the decimal point within the digits, moved by the exponent and by SCALE.
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
    fn errors_name_the_field_and_say_what_is_allowed() {
        let object = r#"must be an object, for example {"amount": "19.99", "currency": "EUR"}"#;
        let amount = r#"must be a decimal number from -10^12 to 10^12, for example 19.99 or "19.99""#;
        let currency = r#"must be a three-letter ISO 4217 code, for example "EUR""#;
        for (json, path, message) in [
            ("7", "", object),
            (r#"["1","EUR"]"#, "", object),
            (r#"{"currency":"EUR"}"#, "/amount", r#"is missing: send a decimal such as "19.99""#),
            (r#"{"amount":"12,5","currency":"EUR"}"#, "/amount", amount),
            (r#"{"amount":"1e99","currency":"EUR"}"#, "/amount", amount),
            (r#"{"amount":true,"currency":"EUR"}"#, "/amount", amount),
            (r#"{"amount":1}"#, "/currency", r#"is missing: send a three-letter ISO 4217 code such as "EUR""#),
            (r#"{"amount":1,"currency":"euro"}"#, "/currency", currency),
            (r#"{"amount":1,"currency":"E€"}"#, "/currency", currency),
            (r#"{"amount":1,"currency":978}"#, "/currency", currency),
        ] {
            assert_eq!(Revenue::read(json), Err((path, message)), "{json}");
        }
        assert_eq!(Revenue::read("null"), Ok(None));
    }
}
