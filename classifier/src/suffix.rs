//! Registrable domains by the public suffix list (<https://publicsuffix.org/list/>).
//!
//! `build/suffixes.rs` packs the list and describes the format. A look-up reads one block of 16 records per label and
//! does not allocate.

use crate::brands::{LONGEST_SUFFIX, SUFFIX_BLOCKS, SUFFIX_RECORDS};
use crate::host::is_ip;

const SUFFIX: u8 = 1;
const WILDCARD: u8 = 2;
const EXCEPTION: u8 = 4;
const DEEPER: u8 = 8;
const MAX_HOST: usize = 253;

/// The registrable domain of a host by the public suffix list, ICANN and private sections: `example.co.uk` for
/// `www.example.co.uk`, `alice.github.io` for `alice.github.io`.
///
/// `None` for IP addresses, for a suffix itself (`co.uk`, `github.io`) and for a name without a dot. An unknown suffix
/// is one label, as the list's algorithm says. The host should be normalized ([`crate::host_of`]); upper case and one
/// trailing dot are allowed too. The result is a slice of the input.
pub fn registrable_domain(host: &str) -> Option<&str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let (suffix, _) = suffix_length(host)?;
    let before = host.len().checked_sub(suffix + 1)?;
    let start = host.as_bytes()[..before].iter().rposition(|&byte| byte == b'.');
    let start = start.map_or(0, |dot| dot + 1);
    (start < before).then(|| &host[start..])
}

/// Whether the host ends with a suffix of the list and has a label before it.
pub(crate) fn has_known_suffix(host: &str) -> bool {
    suffix_length(host).is_some_and(|(length, known)| known && length < host.len())
}

/// The length of the host's suffix in bytes, and whether the list has it.
fn suffix_length(host: &str) -> Option<(usize, bool)> {
    if host.is_empty() || host.len() > MAX_HOST || is_ip(host) {
        return None;
    }
    let mut key = [0_u8; MAX_HOST + 1];
    let mut filled = 0;
    let mut best = (host.rsplit('.').next()?.len(), false);
    let mut parent = 0;
    for label in host.as_bytes().rsplit(|&byte| byte == b'.') {
        if label.is_empty() {
            return None;
        }
        let before = filled;
        if filled > 0 {
            key[filled] = b'.';
            filled += 1;
        }
        for &byte in label {
            key[filled] = byte.to_ascii_lowercase();
            filled += 1;
        }
        let flags = if filled <= LONGEST_SUFFIX { find(&key[..filled]) } else { 0 };
        if flags & EXCEPTION != 0 {
            return Some((before, true));
        }
        if flags & SUFFIX != 0 || parent & WILDCARD != 0 {
            best = (filled, true);
        }
        if flags & DEEPER == 0 {
            break;
        }
        parent = flags;
    }
    Some(best)
}

/// The flags of a key; 0 if it is not in the list.
fn find(key: &[u8]) -> u8 {
    let block = SUFFIX_BLOCKS.partition_point(|&at| first_key(at as usize) <= key);
    let Some(&start) = block.checked_sub(1).and_then(|block| SUFFIX_BLOCKS.get(block)) else {
        return 0;
    };
    let end = SUFFIX_BLOCKS.get(block).map_or(SUFFIX_RECORDS.len(), |&at| at as usize);
    let mut records = &SUFFIX_RECORDS[start as usize..end];
    // How many bytes of `key` the previous record matched. If a record shares fewer with it, the key is not in the block;
    // if it shares more, it has the same mismatch.
    let mut agreed = 0;
    while let [shared, rest, flags, tail @ ..] = records {
        let (shared, rest) = (usize::from(*shared), usize::from(*rest));
        let Some((text, next)) = tail.split_at_checked(rest) else { return 0 };
        records = next;
        if shared < agreed {
            return 0;
        }
        if shared > agreed {
            continue;
        }
        let wanted = &key[agreed..];
        let same = text.iter().zip(wanted).take_while(|(a, b)| a == b).count();
        agreed += same;
        if same == rest && agreed == key.len() {
            return *flags;
        }
    }
    0
}

fn first_key(at: usize) -> &'static [u8] {
    let length = SUFFIX_RECORDS.get(at + 1).map_or(0, |&length| usize::from(length));
    SUFFIX_RECORDS.get(at + 3..at + 3 + length).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::registrable_domain;

    #[test]
    fn finds_the_registrable_domain() {
        for (host, domain) in [
            ("www.example.co.uk", Some("example.co.uk")),
            ("example.co.uk", Some("example.co.uk")),
            ("co.uk", None),
            ("com", None),
            ("localhost", None),
            ("alice.github.io", Some("alice.github.io")),
            ("a.alice.github.io", Some("alice.github.io")),
            ("github.io", None),
            ("a.b.c.ck", Some("b.c.ck")),
            ("www.ck", Some("www.ck")),
            ("a.www.ck", Some("www.ck")),
            ("c.ck", None),
            ("city.kawasaki.jp", Some("city.kawasaki.jp")),
            ("x.y.kawasaki.jp", Some("x.y.kawasaki.jp")),
            ("a.kobe.jp", None),
            ("shop.example.com", Some("example.com")),
            ("WWW.Example.COM", Some("Example.COM")),
            ("www.example.com.", Some("example.com")),
            ("app.intranet.unknowntld", Some("intranet.unknowntld")),
            ("xn--85x722f.xn--55qx5d.cn", Some("xn--85x722f.xn--55qx5d.cn")),
            ("127.0.0.1", None),
            ("[::1]", None),
            ("", None),
            ("a..com", None),
        ] {
            assert_eq!(registrable_domain(host), domain, "{host}");
        }
    }
}
