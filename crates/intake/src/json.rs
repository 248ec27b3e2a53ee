//! Writes JSON strings into a buffer.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = ONES << 7;

/// Appends the content of a JSON string, without quotes, escaped exactly as `serde_json` does. Checks and copies eight
/// bytes at a time, since nearly all text needs no escapes.
pub fn push_escaped(out: &mut Vec<u8>, text: &str) {
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
    use super::{is_plain, push_escaped};
    use proptest::prelude::*;

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

    proptest! {
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
