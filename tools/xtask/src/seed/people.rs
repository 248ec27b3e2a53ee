//! Visitors. All attributes of a visitor follow from a number, so returning visitors need no storage.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::agents::{Browser, browsers};
use crate::random::{Random, Seed, Weighted};

/// Attributes of a country.
#[derive(Debug, Clone, Copy)]
pub(super) struct Country {
    /// ISO 3166-1 alpha-2 code.
    pub(super) code: &'static str,
    language: &'static str,
    /// Offset of its clocks from UTC, in hours.
    pub(super) hours_ahead: i64,
    /// ISO 4217 code.
    pub(super) currency: &'static str,
}

/// Weight, country, `Accept-Language`, hours ahead of UTC, currency.
const COUNTRIES: &[(u64, &str, &str, i64, &str)] = &[
    (290, "US", "en-US,en;q=0.9", -6, "USD"),
    (110, "DE", "de-DE,de;q=0.9,en;q=0.8", 1, "EUR"),
    (85, "GB", "en-GB,en;q=0.9", 0, "GBP"),
    (80, "IN", "en-IN,en;q=0.9,hi;q=0.8", 5, "INR"),
    (55, "FR", "fr-FR,fr;q=0.9,en;q=0.7", 1, "EUR"),
    (45, "BR", "pt-BR,pt;q=0.9", -3, "BRL"),
    (40, "CA", "en-CA,en;q=0.9", -5, "CAD"),
    (20, "CA", "fr-CA,fr;q=0.9,en;q=0.8", -5, "CAD"),
    (38, "JP", "ja", 9, "JPY"),
    (32, "NL", "nl-NL,nl;q=0.9,en;q=0.8", 1, "EUR"),
    (30, "AU", "en-AU,en;q=0.9", 10, "AUD"),
    (30, "ES", "es-ES,es;q=0.9", 1, "EUR"),
    (26, "PL", "pl-PL,pl;q=0.9,en;q=0.7", 1, "PLN"),
    (24, "IT", "it-IT,it;q=0.9", 1, "EUR"),
    (22, "CH", "de-CH,de;q=0.9,fr;q=0.7", 1, "CHF"),
    (20, "SE", "sv-SE,sv;q=0.9,en;q=0.8", 1, "SEK"),
    (18, "MX", "es-MX,es;q=0.9", -6, "USD"),
    (16, "AT", "de-AT,de;q=0.9", 1, "EUR"),
    (16, "KR", "ko-KR,ko;q=0.9", 9, "USD"),
    (14, "UA", "uk-UA,uk;q=0.9,en;q=0.7", 2, "USD"),
    (12, "ZA", "en-ZA,en;q=0.9", 2, "USD"),
    (10, "NG", "en-NG,en;q=0.9", 1, "USD"),
];

/// A visitor with one device.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) browser: Browser,
    pub(super) country: Country,
    /// `Accept-Language`. A few visitors have a language other than their country's.
    pub(super) language: &'static str,
    pub(super) ip: IpAddr,
    /// Id stored on the device; empty for visitors without one.
    pub(super) anonymous_id: String,
    /// Whether the client sends a `session_id`.
    pub(super) names_sessions: bool,
    /// Whether the visitor sends DNT.
    pub(super) dnt: bool,
}

/// The source of all visitors.
#[derive(Debug)]
pub(super) struct People {
    browsers: Weighted<Browser>,
    countries: Weighted<Country>,
}

impl People {
    pub(super) fn new() -> Self {
        let country = |&(weight, code, language, hours_ahead, currency)| {
            (weight, Country { code, language, hours_ahead, currency })
        };
        Self { browsers: browsers(), countries: Weighted::new(COUNTRIES.iter().map(country)) }
    }

    /// Returns visitor `number` of a project, always the same one.
    pub(super) fn visitor(&self, seed: &Seed, project: u32, number: u64) -> Visitor {
        let random = &mut seed.stream("visitor", [u64::from(project), number]);
        let country = *self.countries.draw(random);
        let browser = *self.browsers.draw(random);
        let keeps_id = random.chance(420);
        Visitor {
            browser,
            country,
            language: if random.chance(60) { "en-US,en;q=0.9" } else { country.language },
            ip: address(random),
            anonymous_id: if keeps_id { format!("a-{:016x}", random.bits()) } else { String::new() },
            names_sessions: keeps_id && random.chance(250),
            dnt: random.chance(40),
        }
    }
}

/// A random address, used only for the visitor hash, as in the Worker.
pub(super) fn address(random: &mut Random) -> IpAddr {
    let bits = u128::from(random.bits());
    if random.chance(250) {
        // 2001:db8::/32 is for documentation (RFC 3849).
        IpAddr::V6(Ipv6Addr::from_bits(0x2001_0db8 << 96 | bits))
    } else {
        // 240.0.0.0/4 is reserved and unused (RFC 1112).
        IpAddr::V4(Ipv4Addr::from_bits(0xf000_0000 | u32::try_from(bits >> 36).unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_is_the_same_every_time_and_another_one_is_not() {
        let (people, seed) = (People::new(), Seed::of("people"));
        let known = |project, number| {
            let visitor = people.visitor(&seed, project, number);
            (visitor.ip, visitor.anonymous_id)
        };
        assert_eq!(known(1, 7), known(1, 7));
        assert_ne!(known(1, 7), known(1, 8));
        assert_ne!(known(1, 7), known(2, 7));
    }

    #[test]
    fn some_keep_an_id_and_most_do_not() {
        let (people, seed) = (People::new(), Seed::of("people"));
        let visitors: Vec<Visitor> = (0..2000).map(|number| people.visitor(&seed, 0, number)).collect();
        let with_id = visitors.iter().filter(|visitor| !visitor.anonymous_id.is_empty()).count();
        assert!((740..940).contains(&with_id), "{with_id}");
        assert!(visitors.iter().all(|visitor| !visitor.names_sessions || !visitor.anonymous_id.is_empty()));
        let dnt = visitors.iter().filter(|visitor| visitor.dnt).count();
        assert!((40..140).contains(&dnt), "{dnt}");
    }
}
