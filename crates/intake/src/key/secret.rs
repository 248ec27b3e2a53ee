//! What is stored of a secret, and how it is compared.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// `sha256(secret without its checksum || pepper)`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Reads 64 hexadecimal digits, as the control plane stores it.
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

/// Hashes a secret with the pepper. A plain SHA-256 is enough here: the secret has 190 bits of
/// randomness, so there is nothing to guess that a slow hash would protect.
pub fn hash_secret(secret: &str, pepper: &str) -> SecretHash {
    let mut hash = Sha256::new();
    hash.update(secret.as_bytes());
    hash.update(pepper.as_bytes());
    SecretHash(hash.finalize().into())
}
