//! API keys: `{kind}_{env}_{prefix}_{secret}`, their form, their checksum and what is stored of them.
//!
//! Pure: random bytes and the clock come in as values. The secret part never appears in `Debug` output,
//! and only [`Draft::reveal`] gives it away.

mod checksum;
mod grants;
mod secret;

use std::fmt;

pub use grants::{Access, GRANTS, Grant, Scope};
pub use secret::{SecretHash, hash_secret};

/// Characters of the prefix: lower-case base 36 (contract, "Keys").
const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// Characters of secret and checksum: base 62.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIX_LEN: usize = 8;
const SECRET_LEN: usize = 32;
const CHECKSUM_LEN: usize = 6;
/// Every key has this many bytes.
pub const KEY_LEN: usize = 2 + 1 + 4 + 1 + PREFIX_LEN + 1 + SECRET_LEN + CHECKSUM_LEN;

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `pk`: in browsers, writes only.
    Publishable,
    /// `sk`: on servers, writes and reads.
    Secret,
    /// `rk`: reads only.
    ReadOnly,
    /// `ak`: all projects of an organization.
    Account,
}

impl Kind {
    /// All kinds, in the order of the contract.
    pub const ALL: [Self; 4] = [Self::Publishable, Self::Secret, Self::ReadOnly, Self::Account];

    /// `pk`, `sk`, `rk` or `ak`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publishable => "pk",
            Self::Secret => "sk",
            Self::ReadOnly => "rk",
            Self::Account => "ak",
        }
    }

    /// Reads the two letters.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Which of a project's two data sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Env {
    /// Real traffic.
    Live,
    /// Trials.
    Test,
}

impl Env {
    /// Both, live first.
    pub const ALL: [Self; 2] = [Self::Live, Self::Test];

    /// `live` or `test`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }

    /// Reads `live` or `test`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|env| env.as_str() == text)
    }
}

/// A key as a caller presented it: well-formed, checksum right, not yet verified.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey<'a> {
    /// What the key says it is for.
    pub kind: Kind,
    /// Which data set it says it is for.
    pub env: Env,
    /// The public look-up key, 8 characters.
    pub prefix: &'a str,
    secret: &'a str,
}

impl<'a> ApiKey<'a> {
    /// Takes a key apart; `None` where form or checksum is wrong.
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.len() != KEY_LEN || !text.is_ascii() {
            return None;
        }
        let (body, checksum) = text.split_at_checked(KEY_LEN - CHECKSUM_LEN)?;
        let mut parts = body.split('_');
        let kind = Kind::parse(parts.next()?)?;
        let env = Env::parse(parts.next()?)?;
        let prefix = parts.next()?;
        let secret = parts.next()?;
        let form = prefix.len() == PREFIX_LEN
            && prefix.bytes().all(|byte| BASE36.contains(&byte))
            && secret.len() == SECRET_LEN
            && secret.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && parts.next().is_none();
        (form && checksum.as_bytes() == checksum::of(body.as_bytes())).then_some(Self { kind, env, prefix, secret })
    }

    /// Whether the secret is the one behind `stored`, in time that does not depend on where they differ.
    pub fn matches(&self, stored: &SecretHash, pepper: &str) -> bool {
        hash_secret(self.secret, pepper).same_as(stored)
    }
}

impl fmt::Debug for ApiKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(self.kind, self.env, self.prefix))
    }
}

/// `sk_live_f6589a94_…`: what may be shown and logged of a key.
pub fn redacted(kind: Kind, env: Env, prefix: &str) -> String {
    format!("{}_{}_{prefix}_…", kind.as_str(), env.as_str())
}

/// A key that has just been made; the only moment at which its secret can be shown.
#[derive(Clone)]
pub struct Draft {
    text: String,
}

impl Draft {
    /// Makes a key from random bytes. `None` where they ran out: 64 are enough but for one time in 10^12,
    /// since bytes past the largest multiple of the alphabet are passed over to keep every character
    /// equally likely.
    pub fn from_random(kind: Kind, env: Env, random: &[u8]) -> Option<Self> {
        let mut bytes = random.iter().copied();
        let mut take = |alphabet: &[u8], count: usize| -> Option<String> {
            let limit = 256 - 256 % alphabet.len();
            (0..count)
                .map(|_| {
                    let byte = bytes.find(|byte| usize::from(*byte) < limit)?;
                    alphabet.get(usize::from(byte) % alphabet.len()).map(|byte| char::from(*byte))
                })
                .collect()
        };
        let prefix = take(BASE36, PREFIX_LEN)?;
        let secret = take(BASE62, SECRET_LEN)?;
        let mut text = format!("{}_{}_{prefix}_{secret}", kind.as_str(), env.as_str());
        let sum = checksum::of(text.as_bytes());
        text.extend(sum.iter().map(|byte| char::from(*byte)));
        Some(Self { text })
    }

    /// The whole key, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The look-up prefix.
    pub fn prefix(&self) -> &str {
        self.text.get(8..8 + PREFIX_LEN).unwrap_or_default()
    }

    /// What is stored of the secret.
    pub fn hash(&self, pepper: &str) -> SecretHash {
        let start = 8 + PREFIX_LEN + 1;
        hash_secret(self.text.get(start..start + SECRET_LEN).unwrap_or_default(), pepper)
    }
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Draft(")?;
        f.write_str(self.text.get(..8 + PREFIX_LEN).unwrap_or_default())?;
        f.write_str("_…)")
    }
}

#[cfg(test)]
mod tests;
