//! Recognizes referrer spam.

use crate::fold::host_hash;

/// Hashes of five bytes, sorted: 2,347 hosts in 9.9 KB. An index replaces the first byte of each. A host that is not on
/// the list has the hash of one that is with a probability of 1 in 470 million.
static HOSTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/spam.bin"));

/// Labels of a host that are compared, from its end. Hosts on the list have fewer.
const LABELS: usize = 8;

/// Whether a referrer's host, or a parent domain of it, is on Matomo's list of referrer spammers
/// (<https://github.com/matomo-org/referrer-spam-list>, public domain).
///
/// The host is without a port, in any case, in punycode, with or without a trailing dot.
///
/// ```
/// assert!(useragent::is_spam_referrer("www.semalt.com"));
/// assert!(!useragent::is_spam_referrer("notsemalt.com"));
/// assert!(!useragent::is_spam_referrer("semalt.com.example"));
/// ```
pub fn is_spam_referrer(host: &str) -> bool {
    if host.len() > 255 {
        return false;
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    let dots = host.bytes().enumerate().rev().filter(|&(_, byte)| byte == b'.').take(LABELS);
    let mut dotted = false;
    for (at, _) in dots {
        // A top-level domain alone is not on the list.
        if dotted && host.get(at + 1..).is_some_and(is_listed) {
            return true;
        }
        dotted = true;
    }
    dotted && is_listed(host)
}

fn is_listed(domain: &str) -> bool {
    let [first, rest @ ..] = host_hash(domain);
    let (index, records) = HOSTS.split_at_checked(257 * 2).unwrap_or_default();
    let ((starts, _), (records, _)) = (index.as_chunks::<2>(), records.as_chunks::<4>());
    let start = |at: usize| starts.get(at).map_or(0, |&number| usize::from(u16::from_le_bytes(number)));
    let bucket = records.get(start(first.into())..start(usize::from(first) + 1));
    bucket.is_some_and(|bucket| bucket.contains(&rest))
}
