//! Authentication: users from the environment, credentials from the request.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use super::error::{Error, Kind};

/// Environment variable with the users: `name:password,name2:password2`.
pub(super) const VARIABLE: &str = "DEVSTACK_CLICKHOUSE_USERS";

/// Users with the digests of their passwords.
#[derive(Debug)]
pub(super) struct Users(BTreeMap<String, [u8; 32]>);

impl Users {
    /// Parses `name:password,…`. `None` gives the users of a new ClickHouse: `default` with an empty password.
    pub(super) fn parse(list: Option<&str>) -> anyhow::Result<Self> {
        let Some(list) = list else { return Ok(Self(BTreeMap::from([("default".to_owned(), digest(""))]))) };
        let mut users = BTreeMap::new();
        for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (name, password) = entry
                .split_once(':')
                .filter(|(name, _)| !name.is_empty())
                .context(format!("{VARIABLE} has an invalid entry: write name:password"))?;
            users.insert(name.to_owned(), digest(password));
        }
        if users.is_empty() {
            bail!("{VARIABLE} is set but has no users: write name:password, or unset it");
        }
        Ok(Self(users))
    }

    /// Checks the credentials of a request. Without credentials, the user is `default` with an empty password.
    ///
    /// # Errors
    /// ClickHouse error 516, as on a real server. It does not reveal whether the user exists.
    pub(super) fn check(&self, headers: &HeaderMap, user: Option<&str>, password: Option<&str>) -> Result<(), Error> {
        let given = Credentials::find(headers, user, password)?;
        let known = self.0.get(&given.user).copied();
        // Comparing digests makes the time independent of the password.
        if known == Some(digest(&given.password)) {
            return Ok(());
        }
        Err(Error::new(
            Kind::AUTHENTICATION_FAILED,
            &format!(
                "{}: Authentication failed: password is incorrect, or there is no user with such name",
                given.user
            ),
        ))
    }
}

struct Credentials {
    user: String,
    password: String,
}

impl Credentials {
    /// Reads the credentials. Only one way of sending them is allowed at a time, as on a real server.
    fn find(headers: &HeaderMap, user: Option<&str>, password: Option<&str>) -> Result<Self, Error> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let in_headers = (text("x-clickhouse-user"), text("x-clickhouse-key"));
        let basic = headers.get(header::AUTHORIZATION);
        let ways =
            [in_headers.0.is_some() || in_headers.1.is_some(), basic.is_some(), user.is_some() || password.is_some()];
        if ways.iter().filter(|used| **used).count() > 1 {
            return Err(Error::new(
                Kind::AUTHENTICATION_FAILED,
                "Invalid authentication: it is not allowed to use X-ClickHouse HTTP headers, the Authorization HTTP \
                 header and authentication via parameters simultaneously",
            ));
        }
        if let Some(value) = basic {
            return value.to_str().ok().and_then(Self::from_basic).ok_or_else(|| {
                Error::new(
                    Kind::AUTHENTICATION_FAILED,
                    "Invalid authentication: the Authorization HTTP header is not of the scheme Basic",
                )
            });
        }
        let (user, password) = if ways[0] { in_headers } else { (user, password) };
        Ok(Self { user: user.unwrap_or("default").to_owned(), password: password.unwrap_or_default().to_owned() })
    }

    fn from_basic(value: &str) -> Option<Self> {
        let (scheme, encoded) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (user, password) = decoded.split_once(':')?;
        Some(Self { user: user.to_owned(), password: password.to_owned() })
    }
}

fn digest(password: &str) -> [u8; 32] {
    Sha256::digest(password.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unset_means_the_default_user_without_a_password() {
        let users = Users::parse(None).unwrap();
        assert!(users.check(&HeaderMap::new(), None, None).is_ok());
        assert_eq!(users.check(&HeaderMap::new(), Some("default"), Some("x")).unwrap_err().code, 516);
    }

    #[test]
    fn a_password_may_hold_colons() {
        let users = Users::parse(Some("writer:a:b, reader:")).unwrap();
        assert!(users.check(&HeaderMap::new(), Some("writer"), Some("a:b")).is_ok());
        assert!(users.check(&HeaderMap::new(), Some("reader"), None).is_ok());
        assert!(users.check(&HeaderMap::new(), None, None).is_err());
    }

    #[test]
    fn invalid_lists_are_refused() {
        for list in ["", "name", ":password"] {
            assert!(Users::parse(Some(list)).is_err(), "{list}");
        }
    }
}
