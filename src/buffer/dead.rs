//! Dead letters: rows whose content the store refused, kept with the reason.

use serde::{Deserialize, Serialize};

use intake::time::Timestamp;

/// The table (`migrations/clickhouse/0003_dead_letters.sql`); it keeps them for 14 days.
pub const DEAD_LETTERS: &str = "dead_letters";

/// One refused row.
#[derive(Debug, Serialize)]
pub struct DeadLetter<'a> {
    /// Token of the refused insert, so that the same row is kept once.
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    project_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    env: Option<&'a str>,
    at: String,
    code: &'a str,
    reason: &'a str,
    line: &'a str,
}

#[derive(Deserialize)]
struct Owner<'a> {
    #[serde(borrow)]
    project_id: Option<&'a str>,
    #[serde(borrow)]
    env: Option<&'a str>,
}

impl<'a> DeadLetter<'a> {
    /// A refused line of JSONEachRow, with the store's code and message.
    pub fn new(line: &'a str, id: &'a str, code: &'a str, reason: &'a str, at: Timestamp) -> Self {
        let owner = serde_json::from_str(line).unwrap_or(Owner { project_id: None, env: None });
        Self {
            id,
            project_id: owner.project_id,
            env: owner.env,
            at: at.to_store(),
            code,
            reason,
            line: line.trim_end_matches('\n'),
        }
    }

    /// As a line of JSONEachRow.
    ///
    /// # Errors
    /// Never for text.
    pub fn to_line(&self) -> serde_json::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }
}
