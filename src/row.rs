//! A row of the table `events` (`migrations/clickhouse/0001_events.sql`) and how it is written.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::key::Env;
use crate::time::Timestamp;

/// One row. Field names are the columns, so that the store refuses a row that does not fit the table.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the columns are documented by the migration and by docs/privacy.md")]
pub struct Row<'a> {
    pub project_id: &'a str,
    #[serde(serialize_with = "env")]
    pub env: Env,
    #[serde(serialize_with = "store_time")]
    pub timestamp: Timestamp,
    pub event_id: &'a str,
    pub event: &'a str,
    #[serde(serialize_with = "store_time")]
    pub received_at: Timestamp,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub anonymous_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub user_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub session_id: &'a str,
    #[serde(skip_serializing_if = "is_zero", serialize_with = "as_text")]
    pub visitor_hash: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub url: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub host: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub path: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub title: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub referrer: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub referrer_host: Cow<'a, str>,
    pub source: Cow<'a, str>,
    pub medium: Cow<'a, str>,
    pub channel: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub campaign: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub term: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub content: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub click_id: &'a str,
    pub rule_id: Cow<'a, str>,
    pub confidence: &'a str,
    pub classifier_version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub country: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub region: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub city: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub language: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub device_type: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub browser: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub browser_version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub os: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub os_version: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub bot_class: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revenue: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub currency: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub properties: &'a str,
}

impl Row<'_> {
    /// Appends the row as one line of JSONEachRow. Absent columns take the table's defaults.
    pub fn write(&self, lines: &mut Vec<u8>) {
        // Writing plain values into memory cannot fail; a half-written line would be refused by the store,
        // so it is taken back all the same.
        let start = lines.len();
        if serde_json::to_writer(&mut *lines, self).is_ok() {
            lines.push(b'\n');
        } else {
            lines.truncate(start);
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's; the lint depends on the pointer size")]
fn env<S: Serializer>(env: &Env, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(env.as_str())
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's; the lint depends on the pointer size")]
fn store_time<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_store())
}

/// 64 bits do not fit a JSON number everywhere they may pass.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's; the lint depends on the pointer size")]
fn as_text<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's; the lint depends on the pointer size")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
