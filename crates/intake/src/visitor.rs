//! The visitor hash: tells visitors apart within one day of one site, and nothing else.
//!
//! Contract, "Privacy": HMAC-SHA-256 under the day's key over length-prefixed project, address, user
//! agent and registrable domain, of which 64 bits are kept. The day's key is itself
//! HMAC(Worker secret, random row of that UTC day), so that neither the secret nor the row alone can
//! make it again; when the row is destroyed, nobody can.

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

/// The Worker's halves of the day keys. A new one takes over at a midnight (UTC), so that no visitor counts twice
/// on the day of the change.
#[derive(Clone)]
pub struct VisitorSecrets {
    /// The one in use.
    pub current: String,
    /// The one for the days before, and the first day that is no longer its.
    pub previous: Option<(String, Day)>,
}

impl VisitorSecrets {
    /// The secret of a day.
    pub fn of(&self, day: Day) -> &str {
        match &self.previous {
            Some((previous, since)) if day < *since => previous,
            _ => &self.current,
        }
    }
}

/// What a visitor is told apart by; none of it is kept.
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
    /// Derives the day's key from the Worker's secret and the control plane's random row of that day.
    /// `None` where the row holds less than 128 bits.
    pub fn derive(worker_secret: &str, day_row: &[u8]) -> Option<Self> {
        if day_row.len() < 16 {
            return None;
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(worker_secret.as_bytes()).ok()?;
        mac.update(day_row);
        let key = mac.finalize().into_bytes();
        Hmac::new_from_slice(&key).ok().map(Self)
    }

    /// The visitor's hash on this day; never 0, which stands for "no hash".
    pub fn hash(&self, traits: &Traits<'_>) -> u64 {
        let mut mac = self.0.clone();
        // IPv4 in IPv6 form (::ffff:1.2.3.4) is the same visitor.
        let ip = traits.ip.to_canonical().to_string();
        for part in [traits.project, &ip, traits.user_agent, traits.domain] {
            // A part is bounded by the size of a header; saturating keeps the prefix total.
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
