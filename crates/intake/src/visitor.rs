//! The visitor hash: distinguishes visitors within one UTC day and one site, and nothing else.
//!
//! It is the first 64 bits of an HMAC-SHA-256 with the day's key over project, IP address, user agent and registrable
//! domain, each prefixed with its length (`docs/concepts.md`, "Privacy"). The day's key is an HMAC-SHA-256 of the day's
//! random row in the control plane with the Worker's secret: neither the secret nor the row alone is enough to compute
//! it, and once the row is deleted nobody can.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::time::Day;

/// The key of one UTC day, ready to hash with.
#[derive(Clone)]
pub struct DayKey(Hmac<Sha256>);

impl std::fmt::Debug for DayKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DayKey(…)")
    }
}

/// The Worker's secrets for day keys. A new secret is used from a midnight (UTC) on, so that no visitor is counted twice
/// on the day of the change.
#[derive(Clone)]
pub struct VisitorSecrets {
    /// The current secret.
    pub current: String,
    /// The secret before it, and the first day on which it is no longer used.
    pub previous: Option<(String, Day)>,
}

impl VisitorSecrets {
    /// The secret for a day.
    pub fn of(&self, day: Day) -> &str {
        match &self.previous {
            Some((previous, since)) if day < *since => previous,
            _ => &self.current,
        }
    }
}

/// What visitors are distinguished by. None of it is stored.
#[derive(Debug, Clone, Copy)]
pub struct Traits<'a> {
    /// The project's id.
    pub project: &'a str,
    /// The visitor's address.
    pub ip: IpAddr,
    /// The visitor's `User-Agent`.
    pub user_agent: &'a str,
    /// Registrable domain of the page, e.g. `example.co.uk`.
    pub domain: &'a str,
}

impl DayKey {
    /// Derives the day's key from the Worker's secret and the control plane's random row for that day.
    /// `None` if the row has less than 128 bits.
    pub fn derive(worker_secret: &str, day_row: &[u8]) -> Option<Self> {
        if day_row.len() < 16 {
            return None;
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(worker_secret.as_bytes()).ok()?;
        mac.update(day_row);
        let key = mac.finalize().into_bytes();
        Hmac::new_from_slice(&key).ok().map(Self)
    }

    /// The visitor's hash on this day; never 0, which means "no hash".
    pub fn hash(&self, traits: &Traits<'_>) -> u64 {
        let mut mac = self.0.clone();
        // An IPv4-mapped IPv6 address (::ffff:1.2.3.4) is the same visitor.
        let ip = traits.ip.to_canonical().to_string();
        for part in [traits.project, &ip, traits.user_agent, traits.domain] {
            // Headers are far shorter than 4 GiB; saturating avoids a panic.
            mac.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            mac.update(part.as_bytes());
        }
        let digest = mac.finalize().into_bytes();
        let kept = digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte));
        kept.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAITS: Traits =
        Traits { project: "p", ip: IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), user_agent: "ua", domain: "a.b" };

    fn key(secret: &str, row: u8) -> DayKey {
        DayKey::derive(secret, &[row; 32]).unwrap()
    }

    #[test]
    fn the_same_visitor_has_one_hash_a_day_and_another_the_next() {
        let today = key("secret", 1);
        assert_eq!(today.hash(&TRAITS), today.hash(&TRAITS));
        assert_ne!(today.hash(&TRAITS), key("secret", 2).hash(&TRAITS));
        assert_ne!(today.hash(&TRAITS), key("other", 1).hash(&TRAITS));
    }

    #[test]
    fn each_trait_counts_and_none_can_flow_into_the_next() {
        let today = key("secret", 1);
        let others = [
            Traits { project: "q", ..TRAITS },
            Traits { ip: "192.0.2.2".parse().unwrap(), ..TRAITS },
            Traits { user_agent: "ub", ..TRAITS },
            Traits { domain: "a.c", ..TRAITS },
            Traits { user_agent: "u", domain: "aa.b", ..TRAITS },
        ];
        for other in others {
            assert_ne!(today.hash(&TRAITS), today.hash(&other), "{other:?}");
        }
        assert_eq!(today.hash(&TRAITS), today.hash(&Traits { ip: "::ffff:192.0.2.1".parse().unwrap(), ..TRAITS }));
    }

    #[test]
    fn a_new_secret_begins_with_its_day() {
        let only = VisitorSecrets { current: "new".to_owned(), previous: None };
        assert_eq!(only.of(Day(0)), "new");
        let both = VisitorSecrets { previous: Some(("old".to_owned(), Day(10))), ..only };
        assert_eq!((both.of(Day(9)), both.of(Day(10)), both.of(Day(11))), ("old", "new", "new"));
    }

    #[test]
    fn a_short_row_makes_no_key() {
        assert!(DayKey::derive("secret", &[1; 15]).is_none());
    }
}
