//! Who is signed in: tokens of the shared secret, and of the project's signing keys.

use std::time::Duration;

use super::{App, lock};
use crate::session::{Algorithm, Session, SigningKey, Token, read_key_set};
use crate::store::StoreError;
use intake::error::{ApiError, ErrorCode};
use intake::time::Timestamp;

/// A key set is asked for again after this long, in milliseconds; Supabase itself caches it ten minutes.
const FRESH_MS: i64 = 10 * 60_000;
/// A name that is not in the set makes it be asked for again, but not more often than this.
const AGAIN_MS: i64 = 30_000;
const LIMIT: Duration = Duration::from_secs(2);

/// A signature to be checked with a public key.
#[derive(Debug, Clone)]
pub struct SignatureCheck {
    /// The public key.
    pub key: SigningKey,
    /// What was signed.
    pub signed: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

/// The project's signing keys as far as they are known.
#[derive(Debug, Default)]
pub(super) struct SigningKeys {
    keys: Vec<SigningKey>,
    asked_at: Option<Timestamp>,
}

impl App {
    /// The user behind a token.
    pub(super) async fn session(&self, text: &str) -> Result<Session, ApiError> {
        let refused = |reason: &'static str| {
            ApiError::new(ErrorCode::InvalidSession, "the session is over or not one of ours; sign in again")
                .because(reason)
        };
        let token = Token::parse(text).map_err(refused)?;
        let good = match token.algorithm {
            Algorithm::Hs256 => token.signed_with(self.config()?.jwt_secret.as_deref().unwrap_or_default()),
            Algorithm::Es256 | Algorithm::Rs256 => match self.signing_key(&token).await? {
                Some(key) => {
                    let (signed, signature) = (token.signed.as_bytes().to_vec(), token.signature.clone());
                    (self.runtime.verify)(SignatureCheck { key, signed, signature }).await
                }
                None => false,
            },
        };
        if !good {
            return Err(refused("wrong signature or unknown key"));
        }
        token.session((self.runtime.now)()).map_err(refused)
    }

    /// The key a token names, of the algorithm it names.
    async fn signing_key(&self, token: &Token<'_>) -> Result<Option<SigningKey>, ApiError> {
        let Some(id) = &token.key_id else { return Ok(None) };
        let find = |known: &SigningKeys| {
            known.keys.iter().find(|key| key.id == *id && key.algorithm == token.algorithm).cloned()
        };
        let now = (self.runtime.now)();
        let found = {
            let mut known = lock(&self.signing);
            let found = find(&known);
            let age = known.asked_at.map_or(i64::MAX, |at| now.0 - at.0);
            if age < if found.is_some() { FRESH_MS } else { AGAIN_MS } {
                return Ok(found);
            }
            known.asked_at = Some(now);
            found
        };
        let asked = self.config()?.control_plane.key_set(LIMIT).await;
        match asked.and_then(|json| read_key_set(&json).map_err(StoreError::Unusable)) {
            Ok(keys) => {
                let mut known = lock(&self.signing);
                known.keys = keys;
                Ok(find(&known))
            }
            // A key that was good minutes ago serves while the set cannot be had.
            Err(error) if found.is_some() => {
                (self.runtime.log)(&format!("signing keys were not refreshed: {error:?}"));
                Ok(found)
            }
            Err(error) => {
                lock(&self.signing).asked_at = None;
                Err(error.control_plane())
            }
        }
    }
}
