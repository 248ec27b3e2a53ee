//! Work that is done after the answer has been sent. It may fail without anyone noticing but the log.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;

use super::principal::Principal;
use super::{App, lock};
use intake::time::Timestamp;

/// A key's `last_used_at` is written at most this often, in milliseconds.
const TOUCH_MS: i64 = 60 * 60_000;
const LIMIT: Duration = Duration::from_secs(5);
/// Keys remembered as touched.
const MAX_TOUCHED: usize = 10_000;

/// Work for after the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// Record that a key was used.
    TouchKey {
        /// UUID of the key.
        id: String,
    },
    /// Record in the audit log that an AI agent used a tool; the arguments are not recorded.
    ToolCalled {
        /// UUID of the key.
        key_id: String,
        /// The tool.
        tool: &'static str,
        /// How long it took.
        duration_ms: i64,
        /// Whether it returned an error.
        failed: bool,
    },
}

/// When keys were last touched from here.
#[derive(Default)]
pub(super) struct Touched(HashMap<String, Timestamp>);

impl App {
    /// The work of recording this use of a key; `None` if it was recorded recently, or the caller has no key.
    pub(super) fn touch(&self, caller: &Principal, now: Timestamp) -> Option<After> {
        let id = &caller.key().ok()?.id;
        let mut touched = lock(&self.touched);
        if touched.0.get(id).is_some_and(|at| now.0 - at.0 < TOUCH_MS) {
            return None;
        }
        if touched.0.len() >= MAX_TOUCHED {
            touched.0.clear();
        }
        touched.0.insert(id.clone(), now);
        Some(After::TouchKey { id: id.clone() })
    }

    /// Does the work. Failures are logged and not retried.
    pub async fn after(&self, work: After) {
        let Ok(config) = &self.config else { return };
        let (function, body) = match work {
            After::TouchKey { id } => ("key_touch", json!({ "key_id": id })),
            After::ToolCalled { key_id, tool, duration_ms, failed } => {
                ("tool_called", json!({ "key_id": key_id, "tool": tool, "duration_ms": duration_ms, "failed": failed }))
            }
        };
        if let Err(error) = config.control_plane.call(function, body.to_string(), LIMIT).await {
            (self.runtime.log)(&format!("{function} was not written: {error:?}"));
        }
    }
}
