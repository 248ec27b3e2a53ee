//! Shared by the build script and the crate: the bucket of a token and the hash of a host.

/// Flag in a kind: the token matches only at the start of the user agent.
pub(crate) const START: u8 = 0x40;
/// Flag in a kind: letters or digits may follow the token.
pub(crate) const OPEN: u8 = 0x80;

/// The bucket of a token that begins with these two bytes, in any case.
pub(crate) const fn bucket(first: u8, second: u8) -> usize {
    kind(first) * 28 + kind(second)
}

const fn kind(byte: u8) -> usize {
    match byte.to_ascii_lowercase() {
        letter @ b'a'..=b'z' => (letter - b'a') as usize + 1,
        b'0'..=b'9' => 27,
        _ => 0,
    }
}

/// FNV-1a of a host in lower case, folded to 40 bits. It need not resist attacks.
pub(crate) fn host_hash(host: &str) -> [u8; 5] {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in host.bytes() {
        hash = (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3);
    }
    (hash ^ (hash << 24)).to_be_bytes().first_chunk().copied().unwrap_or_default()
}
