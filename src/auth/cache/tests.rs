use super::*;
use intake::key::{Env, Kind, SecretHash};

fn record() -> Arc<KeyRecord> {
    Arc::new(KeyRecord {
        id: String::new(),
        kind: Kind::Secret,
        env: Env::Live,
        secret_hash: SecretHash::from_hex(&"0".repeat(64)).unwrap(),
        scopes: vec![],
        allowed_origins: vec![],
        expires_at: None,
        revoked_at: None,
        organization_id: String::new(),
        project: None,
    })
}

const START: Timestamp = Timestamp(1_000_000);

#[test]
fn a_found_key_serves_five_minutes_then_one_request_refreshes() {
    let mut cache = KeyCache::default();
    assert!(matches!(cache.get("a", START), Lookup::Ask(None)));
    cache.put("a", Some(record()), START);
    assert!(matches!(cache.get("a", START.plus(FRESH_MS - 1)), Lookup::Found(_)));
    let late = START.plus(FRESH_MS);
    assert!(matches!(cache.get("a", late), Lookup::Ask(Some(_))), "the first one asks");
    assert!(matches!(cache.get("a", late), Lookup::Found(_)), "the next one does not wait");
    assert!(matches!(cache.get("a", late.plus(REFRESH_MS)), Lookup::Ask(Some(_))), "a lost refresh is tried again");
    cache.put("a", Some(record()), late);
    assert!(matches!(cache.get("a", late.plus(FRESH_MS - 1)), Lookup::Found(_)));
}

#[test]
fn an_old_key_serves_up_to_an_hour() {
    let mut cache = KeyCache::default();
    cache.put("a", Some(record()), START);
    assert!(matches!(cache.get("a", START.plus(STALE_MS - 1)), Lookup::Ask(Some(_))));
    assert!(matches!(cache.get("a", START.plus(STALE_MS)), Lookup::Ask(None)));
}

#[test]
fn an_unknown_prefix_is_refused_for_thirty_seconds() {
    let mut cache = KeyCache::default();
    cache.put("a", None, START);
    assert!(matches!(cache.get("a", START.plus(MISSING_MS - 1)), Lookup::Missing));
    assert!(matches!(cache.get("a", START.plus(MISSING_MS)), Lookup::Ask(None)));
    cache.put("a", Some(record()), START);
    assert!(matches!(cache.get("a", START), Lookup::Found(_)));
    cache.put("a", None, START);
    assert!(matches!(cache.get("a", START), Lookup::Missing), "a deleted key is gone at once");
}

#[test]
fn a_flood_of_unknown_prefixes_is_bounded_and_pushes_no_key_out() {
    let mut cache = KeyCache::default();
    cache.put("real", Some(record()), START);
    for index in 0..50_000 {
        cache.put(&format!("x{index}"), None, START.plus(index % 100));
    }
    assert!(cache.missing.len() <= MAX_MISSING);
    assert!(matches!(cache.get("real", START.plus(100)), Lookup::Found(_)));
    for index in 0..30_000 {
        cache.put(&format!("y{index}"), Some(record()), START);
    }
    assert!(cache.found.len() <= MAX_FOUND);
}
