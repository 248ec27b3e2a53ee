//! How long something may take: `30m`, `1h`, `7d`.

use serde_json::{Map, Value};

use super::fault::Fault;
use super::read::Members as _;

const SECOND_MS: i64 = 1000;
const DAY_MS: i64 = 86_400 * SECOND_MS;
const MAX_MS: i64 = 90 * DAY_MS;

/// Reads the member `window`, in milliseconds; seven days where it is missing.
///
/// # Errors
/// It is none.
pub(super) fn window(members: &Map<String, Value>) -> Result<i64, Fault> {
    let (value, path) = members.member("window");
    let Some(value) = value else { return Ok(7 * DAY_MS) };
    value.as_str().and_then(milliseconds).ok_or_else(|| {
        path.fault("must be a number of seconds, minutes, hours or days from 1s to 90d, such as 30m, 1h, 7d")
    })
}

fn milliseconds(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => SECOND_MS,
        "m" => 60 * SECOND_MS,
        "h" => 3600 * SECOND_MS,
        "d" => DAY_MS,
        _ => return None,
    };
    let is_plain = number.len() <= 7 && number.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = number.parse().ok().filter(|_| is_plain)?;
    Some(number * unit).filter(|window| (SECOND_MS..=MAX_MS).contains(window))
}
