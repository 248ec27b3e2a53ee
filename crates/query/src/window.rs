//! The window of a funnel or match: `30m`, `1h`, `7d`.

use serde_json::Value;

use super::fault::{Fault, Path};
use super::member::Member;
use super::world::World;

const SECOND_MS: i64 = 1000;
const DAY_MS: i64 = 86_400 * SECOND_MS;
const MAX_MS: i64 = 90 * DAY_MS;

/// A window in milliseconds, 1 second to 90 days.
#[derive(Debug)]
pub struct Window(pub(crate) i64);

/// The default window, in milliseconds.
pub(crate) fn seven_days() -> i64 {
    7 * DAY_MS
}

impl Member for Window {
    fn read(value: &Value, path: &Path<'_>, _: World<'_>) -> Result<Self, Fault> {
        value.as_str().and_then(milliseconds).map(Self).ok_or_else(|| {
            path.fault("must be a number of seconds, minutes, hours or days such as 30m, 1h or 7d, from 1s to 90d")
        })
    }
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
