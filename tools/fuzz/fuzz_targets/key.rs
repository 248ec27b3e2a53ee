//! Parses a text as an API key: it never panics, and the debug form of a key shows its prefix without the secret.
#![no_main]

use intake::key::{ApiKey, KEY_LEN};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Some(key) = ApiKey::parse(text) {
        assert_eq!(text.len(), KEY_LEN);
        let shown = format!("{key:?}");
        assert!(text.starts_with(shown.trim_end_matches('…')));
        assert!(!shown.contains(&text[17..]));
    }
});
