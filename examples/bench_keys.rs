//! Times the check of a cached API key: parse, look up, hash, compare. `cargo xtask bench keys` runs this natively in
//! one thread.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::panic, reason = "a benchmark")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use headwater::auth::{KeyCache, Lookup, Peppers, verify};
use intake::control::KeyRecord;
use intake::key::{ApiKey, Draft, Env, Kind, Scope};
use intake::time::Timestamp;

/// Number of keys in the cache: its maximum.
const KEYS: usize = 10_000;
const ROUNDS: usize = 7;
const CHECKS: u32 = 100_000;

fn main() {
    let peppers = Peppers { current: "p".repeat(64), previous: Some("q".repeat(64)) };
    let now = Timestamp(1_795_255_200_000);
    let mut cache = KeyCache::default();
    let keys: Vec<String> = (0..KEYS)
        .map(|_| {
            let mut random = [0; 256];
            getrandom::fill(&mut random).expect("random bytes from the system");
            let draft = Draft::from_random(Kind::Secret, Env::Live, &random).expect("enough random bytes");
            let record = KeyRecord {
                id: String::new(),
                kind: Kind::Secret,
                env: Env::Live,
                secret_hash: draft.hash(&peppers.current),
                scopes: vec![Scope::Ingest, Scope::Read],
                allowed_origins: Vec::new(),
                expires_at: None,
                revoked_at: None,
                organization_id: String::new(),
                project: None,
            };
            cache.put(draft.prefix(), Some(Arc::new(record)), now);
            draft.reveal().to_owned()
        })
        .collect();
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            for index in 0..CHECKS as usize {
                let key = ApiKey::parse(black_box(&keys[index * 7919 % KEYS])).expect("a well-formed key");
                let Lookup::Found(record) = cache.get(key.prefix, now) else { panic!("not in the cache") };
                black_box(verify(&key, &record, &peppers, now)).expect("a valid key");
            }
            begin.elapsed().as_secs_f64() * 1e6 / f64::from(CHECKS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!(
        "{{\"rounds\":{ROUNDS},\"checks\":{CHECKS},\"median_us\":{:.3},\"worst_us\":{:.3}}}",
        rounds[ROUNDS / 2],
        rounds[ROUNDS - 1]
    );
}
