//! The keys of a benchmark, and the control plane's answers for them.

use anyhow::{Context as _, Result};
use intake::key::{Draft, Env, Kind};
use serde_json::{Value, json};

use super::events::ORIGIN;

/// Id of the project: a UUID. The peer accepts any text.
const PROJECT: &str = "0b9e6a4e-6d0c-4b0e-9f57-1d5a3c1c9a10";
/// Pepper of the key hashes.
pub(super) const PEPPER: &str = "the benches' own pepper";

/// A secret and a publishable key of a project without limits.
pub(super) struct Keys {
    secret: Draft,
    publishable: Draft,
}

impl Keys {
    /// Generates both keys.
    pub(super) fn make() -> Result<Self> {
        let draft = |kind| {
            let mut random = [0; 256];
            getrandom::fill(&mut random).context("cannot read random bytes from the system")?;
            Draft::from_random(kind, Env::Live, &random).context("too few random bytes")
        };
        Ok(Self { secret: draft(Kind::Secret)?, publishable: draft(Kind::Publishable)? })
    }

    /// The full key, as clients send it.
    pub(super) fn of(&self, kind: Kind) -> &str {
        if kind == Kind::Publishable { self.publishable.reveal() } else { self.secret.reveal() }
    }

    /// Answers of `key_lookup` by prefix, without the day keys.
    pub(super) fn answers(&self) -> String {
        let answer = |draft: &Draft, kind: Kind| {
            json!({
                "key": {
                    "id": "5f2d1c1e-30a5-4d5c-8a6b-0f6f6f0f2a01", "kind": kind.as_str(), "env": "live",
                    "secret_hash": draft.hash(PEPPER).to_hex(), "scopes": ["ingest", "read"],
                    "allowed_origins": [ORIGIN], "expires_at": null, "revoked_at": null,
                },
                "organization_id": "7c2d7a5e-5a06-4c3d-bb0b-0f3f5d6d8b02",
                "project": {
                    "id": PROJECT, "slug": "bench", "timezone": "UTC", "retention_days": null,
                    "dnt_mode": "anonymous", "kept_params": null, "archived": false, "events_per_second": 0,
                },
            })
        };
        let keys = [(&self.secret, Kind::Secret), (&self.publishable, Kind::Publishable)];
        let answers = keys.map(|(draft, kind)| (draft.prefix().to_owned(), answer(draft, kind)));
        Value::Object(answers.into_iter().collect()).to_string()
    }

    /// The peer's variables, without its sink.
    pub(super) fn peer_settings(&self) -> Vec<(&'static str, String)> {
        let name = format!("sk_live_{}", self.secret.prefix());
        let keys = json!({ name: [self.secret.hash(PEPPER).to_hex(), PROJECT] });
        vec![("KEYS", keys.to_string()), ("PEPPER", PEPPER.to_owned()), ("SALT", "a salt of the benches".to_owned())]
    }
}

#[cfg(test)]
mod tests {
    use intake::control::read_key;
    use intake::key::Kind;

    use super::Keys;

    #[test]
    fn the_worker_parses_the_answers_for_the_keys() {
        let keys = Keys::make().unwrap();
        let mut answers: serde_json::Value = serde_json::from_str(&keys.answers()).unwrap();
        let answers = answers.as_object_mut().unwrap();
        assert_eq!(answers.len(), 2);
        for answer in answers.values_mut() {
            answer["day_keys"] = serde_json::json!({});
            let (record, _) = read_key(answer.to_string().as_bytes()).unwrap().unwrap();
            assert_eq!(record.project.unwrap().rate.unwrap().per_second, 0, "no limit");
            assert!(matches!(record.kind, Kind::Secret | Kind::Publishable));
        }
    }
}
