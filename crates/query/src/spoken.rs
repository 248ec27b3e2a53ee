//! Periods in words (`last 30 days`, `2026-10`, `last week`, `Q3 2026`, `October to yesterday`), converted to the forms
//! of `date_range`.

use serde_json::{Value, json};

use super::range::{Period, first_of_month, months_before, next_month, shifted};
use intake::time::Day;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// First and last date of a period, both included.
type Dates = (Day, Day);

/// Converts words to a `date_range`; `None` if they are not understood. `today` is the local date.
pub fn spoken(text: &str, today: Day) -> Option<Value> {
    let text = tidy(text)?;
    if Period::word(&text).is_some() {
        return Some(text.into());
    }
    let words: Vec<&str> = text.split(' ').collect();
    let word = match words.as_slice() {
        ["this" | "current", unit @ ("week" | "month" | "year")] => Some((*unit).to_owned()),
        ["this" | "current", "day"] => Some("today".to_owned()),
        ["last" | "past" | "previous", number, unit] | [number, unit] => number_of(number, unit),
        _ => None,
    };
    if let Some(word) = word {
        return Period::word(&word).map(|_| word.into());
    }
    dates(&text, today).map(pair)
}

/// Converts words to a pair of dates, for a period to compare with; `None` if they do not mean fixed dates.
pub fn spoken_dates(text: &str, today: Day) -> Option<Value> {
    dates(&tidy(text)?, today).map(pair)
}

fn tidy(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase().replace(['_', ','], " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    let text = text.strip_prefix("the ").unwrap_or(&text);
    let text = text.strip_prefix("in ").unwrap_or(text);
    // Underscores were replaced; `last_month` needs its own back.
    Some(if text == "last month" { "last_month".to_owned() } else { text.to_owned() }).filter(|text| !text.is_empty())
}

/// The last `number` units up to now, such as `30d`.
fn number_of(number: &str, unit: &str) -> Option<String> {
    let number: u32 = number.parse().ok().filter(|number| (1..=2_000).contains(number))?;
    Some(match unit.trim_end_matches('s') {
        "hour" => format!("{number}h"),
        "day" => format!("{number}d"),
        "week" => format!("{}d", number * 7),
        "month" => format!("{number}mo"),
        "year" => format!("{}mo", number * 12),
        _ => return None,
    })
}

fn pair((first, last): Dates) -> Value {
    json!([first.to_iso(), last.to_iso()])
}

fn dates(text: &str, today: Day) -> Option<Dates> {
    for between in [" to ", " until ", " through ", " – ", " - ", ".."] {
        if let Some((first, last)) = text.split_once(between) {
            let first = first.strip_prefix("from ").unwrap_or(first);
            return Some((single(first.trim(), today)?.0, single(last.trim(), today)?.1));
        }
    }
    if let Some(first) = text.strip_prefix("since ") {
        return Some((single(first, today)?.0, today));
    }
    single(text, today)
}

fn single(text: &str, today: Day) -> Option<Dates> {
    if let Some(day) = Day::parse(text) {
        return Some((day, day));
    }
    let month = first_of_month(today);
    let monday = shifted(today, -((i64::from(today.0) + 3).rem_euclid(7)));
    let words: Vec<&str> = text.split(' ').collect();
    match words.as_slice() {
        ["today" | "now"] => Some((today, today)),
        ["yesterday"] | ["last" | "previous", "day"] => Some((shifted(today, -1), shifted(today, -1))),
        ["last" | "past" | "previous", "week"] => Some((shifted(monday, -7), shifted(monday, -1))),
        ["last_month"] | ["last" | "past" | "previous", "month"] => Some((months_before(month, 1), shifted(month, -1))),
        ["last" | "past" | "previous", "quarter"] => {
            let first = quarter_of(month);
            Some((months_before(first, 3), shifted(first, -1)))
        }
        ["this" | "current", "quarter"] => Some((quarter_of(month), today)),
        ["last" | "past" | "previous", "year"] => {
            let (year, _) = text_of(today)?;
            year_of(&(year - 1).to_string())
        }
        [year] if year.len() == 4 => year_of(year),
        [month] if month.contains('-') => {
            let (year, rest) = month.split_once('-')?;
            match rest.strip_prefix('q') {
                Some(number) => quarter(year, number),
                None => month_of(year, rest.parse().ok()?),
            }
        }
        [quarter_name, year] | [year, quarter_name] if quarter_name.len() == 2 && quarter_name.starts_with('q') => {
            quarter(year, quarter_name.get(1..)?)
        }
        [name, year] | [year, name] if named(name).is_some() && year.len() == 4 => month_of(year, named(name)?),
        [name] => {
            // The latest such month that has begun.
            let number = named(name)?;
            let (year, this) = text_of(today)?;
            month_of(&(if number > this { year - 1 } else { year }).to_string(), number)
        }
        _ => None,
    }
}

/// A month's number by its name or its first three letters.
fn named(name: &str) -> Option<u32> {
    let fits = |month: &str| month == name || name.len() == 3 && month.starts_with(name);
    MONTHS.iter().position(|month| fits(month)).and_then(|index| u32::try_from(index + 1).ok())
}

/// A date's year and month.
fn text_of(day: Day) -> Option<(i32, u32)> {
    let text = day.to_iso();
    Some((text.get(..4)?.parse().ok()?, text.get(5..7)?.parse().ok()?))
}

fn month_of(year: &str, month: u32) -> Option<Dates> {
    let first = Day::parse(&format!("{year}-{month:02}-01"))?;
    Some((first, shifted(next_month(first), -1)))
}

fn year_of(year: &str) -> Option<Dates> {
    Some((month_of(year, 1)?.0, month_of(year, 12)?.1))
}

fn quarter(year: &str, number: &str) -> Option<Dates> {
    let number: u32 = number.parse().ok().filter(|number| (1..=4).contains(number))?;
    Some((month_of(year, number * 3 - 2)?.0, month_of(year, number * 3)?.1))
}

/// The first day of the month's quarter.
fn quarter_of(month: Day) -> Day {
    let (_, number) = text_of(month).unwrap_or((0, 1));
    months_before(month, (number + 2) % 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_a_date_range() {
        // A Saturday.
        let today = Day::parse("2026-11-21").unwrap();
        for (text, form) in [
            ("last 30 days", json!("30d")),
            ("Past 24 hours", json!("24h")),
            ("7 days", json!("7d")),
            ("last 2 weeks", json!("14d")),
            ("the last 3 months", json!("3mo")),
            ("today", json!("today")),
            ("yesterday", json!("yesterday")),
            ("30d", json!("30d")),
            ("this month", json!("month")),
            ("last month", json!("last_month")),
            ("Last week", json!(["2026-11-09", "2026-11-15"])),
            ("last year", json!(["2025-01-01", "2025-12-31"])),
            ("2026-10", json!(["2026-10-01", "2026-10-31"])),
            ("2024-02", json!(["2024-02-01", "2024-02-29"])),
            ("2025", json!(["2025-01-01", "2025-12-31"])),
            ("2026-10-05", json!(["2026-10-05", "2026-10-05"])),
            ("October 2026", json!(["2026-10-01", "2026-10-31"])),
            ("in october", json!(["2026-10-01", "2026-10-31"])),
            ("dec", json!(["2025-12-01", "2025-12-31"])),
            ("Q3 2026", json!(["2026-07-01", "2026-09-30"])),
            ("2026-Q1", json!(["2026-01-01", "2026-03-31"])),
            ("this quarter", json!(["2026-10-01", "2026-11-21"])),
            ("last quarter", json!(["2026-07-01", "2026-09-30"])),
            ("since 2026-11-01", json!(["2026-11-01", "2026-11-21"])),
            ("2026-10-01 to 2026-10-07", json!(["2026-10-01", "2026-10-07"])),
            ("from september to yesterday", json!(["2026-09-01", "2026-11-20"])),
            ("2026-08..2026-09", json!(["2026-08-01", "2026-09-30"])),
        ] {
            assert_eq!(spoken(text, today), Some(form), "{text}");
        }
        for text in ["", "soon", "last", "last -1 days", "last 30 parsecs", "2026-13", "q5 2026", "99999 days", "ä"] {
            assert_eq!(spoken(text, today), None, "{text}");
        }
        assert_eq!(spoken_dates("last month", today), Some(json!(["2026-10-01", "2026-10-31"])));
        assert_eq!(spoken_dates("30d", today), None);
    }
}
