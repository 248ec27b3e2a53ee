#![allow(clippy::all, clippy::pedantic, missing_docs, clippy::unwrap_used)]
use headwater::control::*;
use headwater::event::*;
use headwater::ingest::*;
use headwater::time::*;
use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;
fn main() {
    let body = std::fs::read("/tmp/prof/batch.json").unwrap();
    let n: usize = std::env::args().nth(1).map_or(300, |x| x.parse().unwrap());
    let pk = std::env::args().nth(2).is_some();
    let now = Timestamp(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64);
    let project = read_key(br#"{"key":{"id":"5f2d1c1e-30a5-4d5c-8a6b-0f6f6f0f2a01","kind":"sk","env":"live","secret_hash":"0000000000000000000000000000000000000000000000000000000000000000","scopes":["ingest"],"allowed_origins":[],"expires_at":null,"revoked_at":null},"organization_id":"x","project":{"id":"0b9e6a4e-6d0c-4b0e-9f57-1d5a3c1c9a10","slug":"b","timezone":"UTC","retention_days":null,"dnt_mode":"anonymous","kept_params":null,"archived":false,"events_per_second":0},"day_keys":{}}"#).unwrap().unwrap().0.project.unwrap();
    let bounds = Bounds { received_at: now, retention_days: None, trusted: true };
    let mut keys = HashMap::new();
    keys.insert(now.day(), headwater::visitor::DayKey::derive("secret", &[1; 32]).unwrap());
    let sender = Sender {
        ip: "203.0.113.7".parse().ok(),
        signals: agent::Signals {
            user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            ..Default::default()
        },
        language: "en-US,en;q=0.9",
        ..Default::default()
    };
    let (mut tp, mut tj, mut tw) = (0.0, 0.0, 0.0);
    for _ in 0..n {
        let t = Instant::now();
        let b = batch(body_text(&body).unwrap()).unwrap();
        tp += t.elapsed().as_secs_f64();
        let t = Instant::now();
        let judged = judge(b, &bounds, || unreachable!());
        tj += t.elapsed().as_secs_f64();
        let t = Instant::now();
        let e = Enricher {
            project: &project,
            env: headwater::key::Env::Live,
            received_at: now,
            sender: pk.then_some(sender),
            is_bot: |_| false,
            day_keys: &keys,
        };
        let mut lines = Vec::with_capacity(768_000);
        for ev in &judged.events {
            e.write(ev, &mut lines);
        }
        black_box(&lines);
        tw += t.elapsed().as_secs_f64();
        if n == 1 {
            std::fs::write("/tmp/prof/rows.json", &lines).unwrap();
        }
    }
    let k = 1e6 / n as f64;
    println!(
        "per batch us: parse {:.0} judge {:.0} write {:.0} total {:.0}",
        tp * k,
        tj * k,
        tw * k,
        (tp + tj + tw) * k
    );
}
