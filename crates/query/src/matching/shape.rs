//! Builds the answer of a match from the store's rows.

use serde::Serialize;
use serde_json::Value;

use super::build::MAX_VALUES;
use super::{Match, Shared};
use crate::frame::FrameMeta;
use crate::report::{Found, Percent, Seconds};
use crate::shape::{lines, percent, seconds};

/// How many triggers were followed by a result, and how soon.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct MatchAnswer {
    /// All of them.
    #[serde(flatten)]
    pub all: Matched,
    /// The same by value of the triggers, if a breakdown was asked for; most triggers first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breakdown: Option<Vec<TriggerValue>>,
    /// Matches by value of the results, if `result_by` was asked for; most matches first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results: Option<Vec<ResultValue>>,
    /// What was asked.
    pub meta: MatchMeta,
}

/// Triggers, and those that were followed by a result.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
#[expect(clippy::struct_field_names, reason = "the fields are the members of the answer")]
pub struct Matched {
    /// Number of triggers.
    pub triggers: u64,
    /// How many of them were followed by a result.
    pub matched: u64,
    /// Their share in percent.
    pub match_rate: Percent,
    /// Median time from trigger to result.
    pub median_seconds: Seconds,
    /// 90th percentile of that time.
    pub p90_seconds: Seconds,
}

/// The triggers of one value.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub struct TriggerValue {
    /// The value.
    pub value: String,
    /// Its triggers.
    #[serde(flatten)]
    pub all: Matched,
}

/// The results of one value.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
pub struct ResultValue {
    /// The value.
    pub value: String,
    /// How many triggers were followed by a result of this value.
    pub matched: u64,
    /// Their share of all matches, in percent.
    pub share: Percent,
    /// Median time from trigger to result.
    pub median_seconds: Seconds,
    /// 90th percentile of that time.
    pub p90_seconds: Seconds,
}

/// What was asked, and what the answer is based on.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema))]
pub struct MatchMeta {
    /// Period and effort.
    #[serde(flatten)]
    pub of: FrameMeta,
    /// The window.
    pub window_seconds: i64,
    /// What trigger and result share.
    pub on: Shared,
    /// With `on` `person`: share of the triggers and results that belong to no person, because they have no id, in
    /// percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cookieless_excluded: Option<Percent>,
    /// With any other `on`: share of the triggers and results that have no value to share, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unshared_excluded: Option<Percent>,
}

/// Builds the answer from the pairs and the number of events that cannot be matched.
///
/// # Errors
/// The store's rows have another shape than the statements ask for; the text is for the log.
pub(super) fn answer(question: &Match, found: &[Found], elapsed_ms: i64) -> Result<MatchAnswer, String> {
    let mut all = Matched::default();
    let (mut values, mut results) = (Vec::new(), Vec::new());
    for line in lines(found.first())? {
        let cells = line?;
        let [kind, name, triggers, matched, median, p90] = cells.as_slice() else {
            return Err("a row has another number of columns".to_owned());
        };
        let name = || name.as_str().unwrap_or_default().to_owned();
        let number = |value: &Value| value.as_u64().ok_or("a count is not a number");
        let (median_seconds, p90_seconds) = (seconds(median), seconds(p90));
        if kind.as_u64() == Some(2) {
            // The row of all comes first.
            let (matched, share) = (number(matched)?, percent(matched, &all.matched.into()));
            results.push(ResultValue { value: name(), matched, share, median_seconds, p90_seconds });
            continue;
        }
        let counted = Matched {
            triggers: number(triggers)?,
            matched: number(matched)?,
            match_rate: percent(matched, triggers),
            median_seconds,
            p90_seconds,
        };
        if kind.as_u64() == Some(1) {
            values.push(TriggerValue { value: name(), all: counted });
        } else {
            all = counted;
        }
    }
    let most = usize::try_from(MAX_VALUES).unwrap_or(usize::MAX);
    let truncated = values.len() > most || results.len() > most;
    values.truncate(most);
    results.truncate(most);
    let counted = lines(found.get(1))?.next().transpose()?.unwrap_or_default();
    let excluded = match counted.as_slice() {
        [events, without] => percent(without, events),
        _ => None,
    };
    let by_person = question.on == Shared::Person;
    Ok(MatchAnswer {
        all,
        breakdown: question.frame.breakdown.is_some().then_some(values),
        results: question.result_by.is_some().then_some(results),
        meta: MatchMeta {
            of: FrameMeta::of(&question.frame, found, elapsed_ms, truncated),
            window_seconds: question.window / 1000,
            on: question.on.clone(),
            cookieless_excluded: by_person.then_some(excluded),
            unshared_excluded: (!by_person).then_some(excluded),
        },
    })
}

impl Serialize for Shared {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Person => serializer.serialize_str("person"),
            Self::User => serializer.serialize_str("user_id"),
            Self::Property(property) => serializer.serialize_str(&property.key()),
        }
    }
}
