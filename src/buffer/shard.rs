//! Shards: the Durable Object that holds an event.

use std::fmt;

/// Continents as Cloudflare names them, and the location hint for their objects (Durable Objects, "Data location:
/// location hints").
const CONTINENTS: &[(&str, Option<&str>)] = &[
    ("AF", Some("afr")),
    ("AN", Some("oc")),
    ("AS", Some("apac")),
    ("EU", Some("weur")),
    ("NA", Some("enam")),
    ("OC", Some("oc")),
    ("SA", Some("sam")),
    ("XX", None),
];

/// One object of the buffer: `{continent}-{n}`, shared by all projects so that inserts are large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    continent: &'static str,
    number: u32,
}

impl Shard {
    /// The shard of a request from this continent (two letters; anything else is `XX`). `random` spreads
    /// requests over `count` shards.
    pub fn of(continent: &str, random: u32, count: u32) -> Self {
        let known = CONTINENTS.iter().find(|(name, _)| *name == continent).map_or("XX", |(name, _)| *name);
        Self { continent: known, number: random % count.max(1) }
    }

    /// All shards of a continent.
    pub fn all_of(continent: &str, count: u32) -> impl Iterator<Item = Self> {
        let first = Self::of(continent, 0, 1);
        (0..count.max(1)).map(move |number| Self { number, ..first })
    }

    /// Its location hint.
    pub fn location_hint(&self) -> Option<&'static str> {
        CONTINENTS.iter().find(|(name, _)| *name == self.continent).and_then(|(_, hint)| *hint)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.continent, self.number)
    }
}

/// Every continent, unknown ones last.
pub fn continents() -> impl Iterator<Item = &'static str> {
    CONTINENTS.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_input_gives_a_known_name() {
        assert_eq!(Shard::of("EU", 7, 4).to_string(), "EU-3");
        assert_eq!(Shard::of("EU", 7, 0).to_string(), "EU-0");
        assert_eq!(Shard::of("../x", 7, 1).to_string(), "XX-0");
        assert_eq!(Shard::of("", 1, 1).location_hint(), None);
        let all: Vec<String> = Shard::all_of("NA", 2).map(|shard| shard.to_string()).collect();
        assert_eq!(all, ["NA-0", "NA-1"]);
        assert_eq!(continents().count(), 8);
    }
}
