//! The `event_id` of a line: always the same, so that a log can be imported again.
//!
//! It is a keyed hash of the line and of its occurrence number in the file. Without the key, someone with access to the
//! stored events could try all IP addresses until a line hashes to its `event_id`, and so learn an address that is not
//! stored.

use std::collections::HashMap;

use anyhow::{Context as _, Result};
use hmac::{Hmac, KeyInit as _, Mac as _};
use intake::hex;
use sha2::Sha256;

/// Lines remembered at least. Identical lines have the same second, so they are close to each other; remembering all
/// lines of a year's log would take gigabytes. 7/8 of a power of two is what a hash table holds before it grows.
const REMEMBERED: usize = 7 << 17;

/// Derives ids of lines.
pub(crate) struct Identity {
    mac: Hmac<Sha256>,
    /// Occurrences of the most recent lines, and of those before them.
    recent: HashMap<u64, u64>,
    earlier: HashMap<u64, u64>,
    remembered: usize,
}

impl Identity {
    /// Ids derived with this secret.
    pub(crate) fn new(secret: &str) -> Result<Self> {
        Self::remembering(secret, REMEMBERED)
    }

    fn remembering(secret: &str, remembered: usize) -> Result<Self> {
        let mac = Hmac::new_from_slice(secret.as_bytes()).context("the id secret cannot be used")?;
        Ok(Self { mac, recent: HashMap::new(), earlier: HashMap::new(), remembered })
    }

    /// The id of the file's next line, which has these bytes: 128 bits in hexadecimal.
    pub(crate) fn of(&mut self, line: &[u8]) -> String {
        let content = self.hash(&[line]);
        let occurrence = self.occurrence(content.iter().take(8).fold(0, |key, byte| key << 8 | u64::from(*byte)));
        let mut id = hex::encode(&self.hash(&[&content, &occurrence.to_be_bytes()]));
        id.truncate(32);
        id
    }

    /// How often the line has occurred so far, from 1.
    fn occurrence(&mut self, line: u64) -> u64 {
        let before = self.recent.get(&line).or_else(|| self.earlier.get(&line)).copied().unwrap_or(0);
        if self.recent.len() >= self.remembered && !self.recent.contains_key(&line) {
            self.earlier = std::mem::take(&mut self.recent);
        }
        self.recent.insert(line, before + 1);
        before + 1
    }

    fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.mac.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn ids(secret: &str, lines: &[&str]) -> Vec<String> {
        let mut identity = Identity::new(secret).unwrap();
        lines.iter().map(|line| identity.of(line.as_bytes())).collect()
    }

    #[test]
    fn a_file_read_again_has_the_same_ids_and_identical_lines_have_their_own() {
        let lines = ["a", "b", "a", "a", ""];
        let first = ids("secret", &lines);
        assert_eq!(first, ids("secret", &lines));
        assert_eq!(first.iter().collect::<HashSet<_>>().len(), lines.len());
        assert!(first.iter().all(|id| id.len() == 32));
    }

    #[test]
    fn a_log_that_has_grown_keeps_the_ids_of_its_beginning() {
        assert_eq!(ids("secret", &["a", "a", "b"]), ids("secret", &["a", "a", "b", "a"])[..3]);
    }

    #[test]
    fn without_the_secret_no_address_can_be_tried() {
        assert_ne!(ids("one", &["192.0.2.1 …"]), ids("two", &["192.0.2.1 …"]));
    }

    #[test]
    fn memory_is_bounded_and_near_repetitions_are_known() {
        let mut identity = Identity::remembering("secret", 10).unwrap();
        for line in 0..1000 {
            assert_eq!(identity.occurrence(line), 1);
            assert_eq!(identity.occurrence(line), 2);
            if line >= 4 {
                assert!(identity.occurrence(line - 4) > 2);
            }
        }
        assert!(identity.recent.len() + identity.earlier.len() <= 20);
    }
}
