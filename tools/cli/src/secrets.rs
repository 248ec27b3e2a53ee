//! Secrets of a local stack: generated once per state folder, stored in `secrets.json`.

use std::fmt::Write as _;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::state::State;

const FILE: &str = "secrets.json";

/// All secrets. A field that an older file lacks is generated when it is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Secrets {
    /// Password of the ClickHouse user that inserts events.
    #[serde(default = "random")]
    pub clickhouse_ingest: String,
    /// Password of the ClickHouse user that queries.
    #[serde(default = "random")]
    pub clickhouse_read: String,
    /// Password of the ClickHouse user that migrates, deletes and repairs.
    #[serde(default = "random")]
    pub clickhouse_maintain: String,
    /// Password of PostgreSQL's superuser.
    #[serde(default = "random")]
    pub postgres: String,
    /// Supabase's secret API key.
    #[serde(default = "supabase_secret")]
    pub supabase_secret_key: String,
    /// Supabase's publishable API key.
    #[serde(default = "supabase_publishable")]
    pub supabase_publishable_key: String,
    /// Signs the tokens of signed-in users.
    #[serde(default = "random")]
    pub supabase_jwt_secret: String,
    /// Pepper of the API keys' hashes.
    #[serde(default = "random")]
    pub key_pepper: String,
    /// The keys of the visitor hash are derived from it.
    #[serde(default = "random")]
    pub visitor_secret: String,
    /// Opens the Worker's internal routes.
    #[serde(default = "random")]
    pub internal_secret: String,
}

impl Secrets {
    /// Reads the file, generates what is missing and writes it back.
    pub fn of(state: &State) -> Result<Self> {
        let found: serde_json::Value = state.read(FILE)?.unwrap_or_else(|| serde_json::json!({}));
        let secrets: Self = serde_json::from_value(found.clone())?;
        if serde_json::to_value(&secrets)? != found {
            state.write(FILE, &secrets)?;
        }
        Ok(secrets)
    }
}

fn supabase_secret() -> String {
    format!("sb_secret_{}", random())
}

fn supabase_publishable() -> String {
    format!("sb_publishable_{}", random())
}

/// 256 random bits in hexadecimal.
fn random() -> String {
    let mut bytes = [0_u8; 32];
    // Without randomness nothing that follows is secure; a constant would be worse.
    if getrandom::fill(&mut bytes).is_err() {
        std::process::abort();
    }
    bytes.iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::Secrets;

    #[test]
    fn what_is_missing_is_made_and_what_is_there_stays() {
        let first: Secrets = serde_json::from_str(r#"{"key_pepper":"kept"}"#).unwrap();
        assert_eq!(first.key_pepper, "kept");
        assert_eq!(first.visitor_secret.len(), 64);
        assert_ne!(first.visitor_secret, first.internal_secret);
        assert!(first.supabase_secret_key.starts_with("sb_secret_"));
    }
}
