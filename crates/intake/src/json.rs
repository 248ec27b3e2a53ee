//! Reads JSON from bytes, and writes JSON strings into a buffer.

use serde::Deserialize;
use serde::de::Error as _;

/// Reads a value from JSON. Unlike `serde_json::from_slice`, it first checks that all of it is UTF-8 and then reads it
/// as text: `serde_json` compiles each type once for text and once for bytes, and the Worker has only the one for text.
///
/// # Errors
/// It is not UTF-8, not JSON, or JSON of another shape.
pub fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> serde_json::Result<T> {
    serde_json::from_str(text(bytes)?)
}

fn text(bytes: &[u8]) -> serde_json::Result<&str> {
    str::from_utf8(bytes).map_err(|error| {
        // In the words of serde_json, with the place of the first wrong byte.
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let (mut line, mut column) = (1, 1);
        for byte in before {
            (line, column) = if *byte == b'\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        serde_json::Error::custom(format_args!("invalid unicode code point at line {line} column {column}"))
    })
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = ONES << 7;

/// Appends the content of a JSON string, without quotes, escaped exactly as `serde_json` does. Checks and copies eight
/// bytes at a time, since nearly all text needs no escapes.
pub(crate) fn push_escaped(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        if is_plain(u64::from_le_bytes(*word)) {
            out.extend_from_slice(word);
        } else {
            push_bytes(out, word);
        }
    }
    // The last eight bytes; some of them may have been checked already.
    match bytes.last_chunk::<8>() {
        Some(word) if is_plain(u64::from_le_bytes(*word)) => out.extend_from_slice(rest),
        _ => push_bytes(out, rest),
    }
}

/// Whether eight bytes contain no control character, quote or backslash.
const fn is_plain(word: u64) -> bool {
    let control = word.wrapping_sub(0x20 * ONES);
    let quote = (word ^ (b'"' as u64 * ONES)).wrapping_sub(ONES);
    let backslash = (word ^ (b'\\' as u64 * ONES)).wrapping_sub(ONES);
    // `!word & HIGHS` leaves out bytes above 127, which need no escape.
    (control | quote | backslash) & !word & HIGHS == 0
}

fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        match ESCAPES.get(usize::from(*byte)).copied().unwrap_or(0) {
            0 => out.push(*byte),
            b'u' => {
                let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            }
            short => out.extend_from_slice(&[b'\\', short]),
        }
    }
}

/// The character after the backslash for each byte that is escaped; 0 for all others.
static ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    let mut control = 0;
    while control < 0x20 {
        escapes[control] = b'u';
        control += 1;
    }
    escapes[0x08] = b'b';
    escapes[0x09] = b't';
    escapes[0x0A] = b'n';
    escapes[0x0C] = b'f';
    escapes[0x0D] = b'r';
    escapes[b'"' as usize] = b'"';
    escapes[b'\\' as usize] = b'\\';
    escapes
};

#[cfg(test)]
mod tests {
    use super::{is_plain, push_escaped, read};
    use proptest::prelude::*;
    use serde_json::Value;

    fn escaped(text: &str) -> String {
        let mut out = vec![b'"'];
        push_escaped(&mut out, text);
        out.push(b'"');
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_byte_is_recognized_at_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..8 {
                for others in [b'a', 0x7F, 0x80, 0xFF, b' ', b'!', b'#', b'[', b']'] {
                    let mut word = [others; 8];
                    word[place] = byte;
                    let special = byte < 0x20 || byte == b'"' || byte == b'\\';
                    assert_eq!(is_plain(u64::from_le_bytes(word)), !special, "{byte} among {others} at {place}");
                }
            }
        }
    }

    /// What `read` replaces.
    #[expect(clippy::disallowed_methods, reason = "the one to be compared with")]
    fn from_bytes(bytes: &[u8]) -> serde_json::Result<Value> {
        serde_json::from_slice(bytes)
    }

    #[test]
    fn what_is_not_utf8_is_refused_as_serde_json_does() {
        for bytes in
            [&b"\"\xff\""[..], b"{\"a\":1,\n\"\xc3\xa9\":\"ab\xc3\"}", b"[\n\n\"\xed\xa0\x80\"]", b"{\"\xf0\x9f\":1}"]
        {
            let (ours, theirs) = (read::<Value>(bytes).unwrap_err(), from_bytes(bytes).unwrap_err());
            assert_eq!(ours.to_string(), theirs.to_string());
            assert_eq!((ours.line(), ours.column()), (theirs.line(), theirs.column()));
        }
        assert!(read::<Value>(b"\xff").is_err() && read::<Value>(b"{} \xff").is_err());
    }

    proptest! {
        #[test]
        fn bytes_are_read_as_serde_json_does(text in "[{}\\[\\]\",:01aé\n ]{0,12}") {
            let (ours, theirs) = (read::<Value>(text.as_bytes()), from_bytes(text.as_bytes()));
            prop_assert_eq!(ours.map_err(|error| error.to_string()), theirs.map_err(|error| error.to_string()));
        }

        #[test]
        fn text_is_escaped_as_serde_json_does(text in prop_oneof![".{0,64}", "[ -~\u{0}-\u{1f}\"\\\\é€😀]{0,64}"]) {
            prop_assert_eq!(escaped(&text), serde_json::to_string(&text).unwrap());
        }

        #[test]
        fn any_characters_are(text in prop::collection::vec(any::<char>(), 0..40)) {
            let text: String = text.into_iter().collect();
            prop_assert_eq!(escaped(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
