//! Hashes of secrets.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// `SHA-256(secret without checksum || pepper)`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Parses 64 hexadecimal digits, the format in the control plane.
    pub fn from_hex(text: &str) -> Option<Self> {
        crate::hex::decode(text)?.try_into().ok().map(Self)
    }

    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(&self) -> String {
        crate::hex::encode(&self.0)
    }

    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

/// Hashes a secret with the pepper. Plain SHA-256 is enough: the secret has 190 random bits and cannot be guessed, which
/// is all that a slow password hash would protect against.
pub fn hash_secret(secret: &str, pepper: &str) -> SecretHash {
    let mut hash = Sha256::new();
    hash.update(secret.as_bytes());
    hash.update(pepper.as_bytes());
    SecretHash(hash.finalize().into())
}
