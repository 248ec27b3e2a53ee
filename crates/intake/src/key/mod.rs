//! API keys, `{kind}_{env}_{prefix}_{secret}{checksum}`: format, checksum, and what is stored of them
//! (`docs/concepts.md`, "Keys").
//!
//! Pure: random bytes come in as a value. The secret never appears in `Debug` output; only [`Draft::reveal`] returns it.

mod checksum;
#[cfg(feature = "documented")]
mod documented;
mod grants;
mod secret;

use std::fmt;

pub use grants::{Access, GRANTS, Grant, Scope};
pub use secret::{SecretHash, hash_secret};

/// Characters of the prefix: lower-case base 36.
const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// Characters of secret and checksum: base 62.
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const PREFIX_LEN: usize = 8;
const SECRET_LEN: usize = 32;
const CHECKSUM_LEN: usize = 6;
/// Length of every key in bytes.
pub const KEY_LEN: usize = 2 + 1 + 4 + 1 + PREFIX_LEN + 1 + SECRET_LEN + CHECKSUM_LEN;

/// The kind of a key, which determines what it can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `pk`: public, for pages; sends events only.
    Publishable,
    /// `sk`: for servers; sends events and reads.
    Secret,
    /// `rk`: reads only.
    ReadOnly,
    /// `ak`: reads and manages all projects of an organization.
    Account,
}

impl Kind {
    /// All kinds, in the order of the documentation.
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

    /// Parses `pk`, `sk`, `rk` or `ak`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One of a project's two data sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "documented", derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "lowercase")]
pub enum Env {
    /// Real traffic.
    Live,
    /// Tests and development.
    Test,
}

impl Env {
    /// Both data sets.
    pub const ALL: [Self; 2] = [Self::Live, Self::Test];

    /// `live` or `test`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }

    /// Parses `live` or `test`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|env| env.as_str() == text)
    }
}

/// A key as a caller sent it: its format and checksum are right, but nobody has compared its secret yet.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey<'a> {
    /// The kind that the key claims.
    pub kind: Kind,
    /// The data set that the key claims.
    pub env: Env,
    /// The public part by which the key is looked up, 8 characters.
    pub prefix: &'a str,
    secret: &'a str,
}

impl<'a> ApiKey<'a> {
    /// Parses a key; `None` if its format or checksum is wrong.
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

    /// Whether the secret's hash equals `stored`. Takes the same time wherever they differ.
    pub fn matches(&self, stored: &SecretHash, pepper: &str) -> bool {
        hash_secret(self.secret, pepper).same_as(stored)
    }
}

impl fmt::Debug for ApiKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(self.kind, self.env, self.prefix))
    }
}

/// `sk_live_f6589a94_…`: the part of a key that can be shown and logged.
pub fn redacted(kind: Kind, env: Env, prefix: &str) -> String {
    format!("{}_{}_{prefix}_…", kind.as_str(), env.as_str())
}

/// A new key. Its secret is not stored, so that it can be shown only now.
#[derive(Clone)]
pub struct Draft {
    text: String,
}

impl Draft {
    /// Makes a key from random bytes. `None` if there are too few: with 64 that happens once in 10^12 times. Bytes above
    /// the largest multiple of the alphabet's length are skipped, so that all characters are equally likely.
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

    /// The whole key, including its secret.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The public prefix.
    pub fn prefix(&self) -> &str {
        self.text.get(8..8 + PREFIX_LEN).unwrap_or_default()
    }

    /// The hash that is stored instead of the secret.
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
