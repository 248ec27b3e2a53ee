//! Whether a presented key is the stored one, and still good.

use intake::control::KeyRecord;
use intake::error::{ApiError, ErrorCode};
use intake::key::ApiKey;
use intake::time::Timestamp;

/// The secrets mixed into key hashes: the current one, and the one before it while keys are re-hashed.
#[derive(Clone)]
pub struct Peppers {
    /// New hashes are made with this one.
    pub current: String,
    /// Still accepted.
    pub previous: Option<String>,
}

impl std::fmt::Debug for Peppers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Peppers(…)")
    }
}

/// Checks secret, kind, env, revocation, expiry and the project's state.
///
/// # Errors
/// `invalid_api_key`, `revoked_api_key` or `expired_api_key`. The state of a key is shown only to someone who has its
/// secret.
pub fn verify(key: &ApiKey<'_>, record: &KeyRecord, peppers: &Peppers, now: Timestamp) -> Result<(), ApiError> {
    let secret = key.matches(&record.secret_hash, &peppers.current)
        || peppers.previous.as_ref().is_some_and(|pepper| key.matches(&record.secret_hash, pepper));
    if !secret || key.kind != record.kind || key.env != record.env {
        return Err(unknown_key());
    }
    if record.revoked_at.is_some_and(|at| at <= now) {
        return Err(ApiError::new(ErrorCode::RevokedApiKey, "this key was revoked; make a new one"));
    }
    if record.expires_at.is_some_and(|at| at <= now) {
        return Err(ApiError::new(ErrorCode::ExpiredApiKey, "this key's time is over; make a new one"));
    }
    if record.project.as_ref().is_some_and(|project| project.archived) {
        return Err(ApiError::new(ErrorCode::RevokedApiKey, "this key's project is archived"));
    }
    Ok(())
}

/// The error for a key that is not stored and for one whose secret is wrong: the same, so that it reveals neither.
pub fn unknown_key() -> ApiError {
    ApiError::new(ErrorCode::InvalidApiKey, "no such key")
}
