//! From the store's rows to an answer about pairs.

use serde_json::{Value, json};

use super::build::MAX_VALUES;
use super::{Pairs, Shared};
use crate::shape::{Found, lines, percent, seconds};

/// Shapes the answer.
///
/// # Errors
/// The store's rows are none, for the log.
pub fn answer(pairs: &Pairs, found: &Found, left_out: &Found, elapsed_ms: i64) -> Result<String, String> {
    let mut all = None;
    let (mut values, mut results) = (Vec::new(), Vec::new());
    for line in lines(found)? {
        let cells = line?;
        let [kind, name, triggers, matched, median, p90] = cells.as_slice() else {
            return Err("a row has another number of columns".to_owned());
        };
        let times = |mut told: Value| {
            told["median_seconds"] = seconds(median);
            told["p90_seconds"] = seconds(p90);
            told
        };
        match kind.as_u64() {
            Some(2) => {
                // The row of all comes first.
                let of = all.as_ref().map_or(Value::Null, |all: &Value| all["matched"].clone());
                results.push(times(json!({ "value": name, "matched": matched, "share": percent(matched, &of) })));
            }
            kind => {
                let rate = percent(matched, triggers);
                let told = times(json!({ "triggers": triggers, "matched": matched, "match_rate": rate }));
                if kind == Some(1) {
                    let mut told = told;
                    told["value"] = name.clone();
                    values.push(told);
                } else {
                    all = Some(told);
                }
            }
        }
    }
    let nothing =
        || json!({ "triggers": 0, "matched": 0, "match_rate": null, "median_seconds": null, "p90_seconds": null });
    let mut answer = all.unwrap_or_else(nothing);
    let most = usize::try_from(MAX_VALUES).unwrap_or(usize::MAX);
    let truncated = values.len() > most || results.len() > most;
    values.truncate(most);
    results.truncate(most);
    if pairs.frame.breakdown.is_some() {
        answer["breakdown"] = values.into();
    }
    if pairs.result_by.is_some() {
        answer["results"] = results.into();
    }
    let counted = lines(left_out)?.next().transpose()?.unwrap_or_default();
    let excluded = match counted.as_slice() {
        [events, without] => percent(without, events),
        _ => Value::Null,
    };
    let mut meta = json!({
        "from": pairs.frame.range.from.to_iso(), "to": pairs.frame.range.to.to_iso(),
        "timezone": pairs.frame.zone.name, "window_seconds": pairs.window / 1000,
        "on": match &pairs.on {
            Shared::Person => "person".to_owned(),
            Shared::User => "user_id".to_owned(),
            Shared::Property(property) => property.key(),
        },
        "rows_read": found.rows_read + left_out.rows_read, "elapsed_ms": elapsed_ms, "truncated": truncated,
    });
    meta[if pairs.on == Shared::Person { "cookieless_excluded" } else { "unshared_excluded" }] = excluded;
    answer["meta"] = meta;
    Ok(answer.to_string())
}
