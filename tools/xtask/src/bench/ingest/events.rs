//! Events like those of a shop's pages: varied, and apart from their times the same in every run.

use std::time::{SystemTime, UNIX_EPOCH};

use intake::time::Timestamp;
use serde_json::{Map, Value, json};

use super::super::contestant::Request;
use crate::random::mix;

/// Origin of the pages that send the events.
pub(super) const ORIGIN: &str = "https://shop.example";

const PAGES: [(&str, &str); 9] = [
    ("/", "Garden and balcony"),
    ("/de/pflanzen/stauden/", "Stauden für den Schatten"),
    ("/products/raised-bed-larch-160", "Raised bed, larch, 160 cm"),
    ("/products/watering-can-9l?variant=4411", "Watering can, 9 l"),
    ("/cart", "Your cart"),
    ("/checkout/address", "Checkout"),
    ("/blog/2026/11/what-to-plant-before-the-frost", "What to plant before the frost \u{2013} a list"),
    ("/account/orders/83201?tab=invoices", "Order 83201"),
    ("/search?q=tomato+seeds&page=2", "Search: tomato seeds"),
];
const TAGS: [&str; 11] = [
    "",
    "",
    "utm_source=newsletter&utm_medium=email&utm_campaign=frost_2026",
    "",
    "gclid=EAIaIQobChMI0LfV7K2hAxVzkYMHHd1YJREAAYASAAEgK2",
    "",
    "utm_source=google&utm_medium=cpc&utm_campaign=beds",
    "",
    "fbclid=IwAR2t9xWl3kQd8YfF7a0",
    "",
    "ref=producthunt",
];
const REFERRERS: [&str; 13] = [
    "https://www.google.com/",
    "",
    "https://shop.example/search",
    "https://www.google.de/",
    "https://shop.example/",
    "https://www.bing.com/",
    "",
    "https://shop.example/cart",
    "https://l.facebook.com/",
    "https://chatgpt.com/",
    "https://shop.example/products/",
    "https://news.ycombinator.com/item?id=41999151",
    "https://garden-notes.example/links/2026",
];
const NAMES: [&str; 7] = ["pageview", "pageview", "product_viewed", "pageview", "added_to_cart", "pageview", "search"];
const USER_AGENTS: [&str; 5] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22F76 Instagram 390.0.0.28.85 (iPhone16,2; iOS 18_5; en_US; en; scale=3.00; 1290x2796; 755789012)",
];
const LANGUAGES: [&str; 3] = ["en-US,en;q=0.9", "de-DE,de;q=0.9,en;q=0.7", "fr-FR,fr;q=0.9"];

/// A body with one event.
pub(super) fn single(index: usize) -> Vec<u8> {
    event(index, now()).to_string().into_bytes()
}

/// A body with `count` events.
pub(super) fn batch(index: usize, count: usize) -> Vec<u8> {
    let now = now();
    let events: Vec<Value> = (0..count).map(|at| event(index * count + at, now)).collect();
    json!({ "events": events }).to_string().into_bytes()
}

/// One request per body, from changing visitors.
pub(super) fn requests(target: &'static str, bodies: &[Vec<u8>], key: &str) -> Vec<Request> {
    let request = |(index, body): (usize, &Vec<u8>)| Request {
        method: "POST",
        target,
        headers: vec![
            ("Authorization", format!("Bearer {key}")),
            ("Content-Type", "application/json".to_owned()),
            ("Accept", "*/*".to_owned()),
            ("Accept-Language", of(&LANGUAGES, index).to_owned()),
            ("Origin", ORIGIN.to_owned()),
            ("User-Agent", of(&USER_AGENTS, index).to_owned()),
            ("CF-Connecting-IP", format!("203.0.113.{}", index % 250 + 1)),
        ],
        body: body.clone(),
    };
    bodies.iter().enumerate().map(request).collect()
}

/// Event number `index`. The lengths of the lists of an event (7, 9, 11, 13) have no common divisor, so their items
/// combine differently each time.
fn event(index: usize, now: Timestamp) -> Value {
    let (page, title) = of(&PAGES, index);
    let tag = of(&TAGS, index);
    let separator = match (tag, page.contains('?')) {
        ("", _) => "",
        (_, true) => "&",
        (_, false) => "?",
    };
    let visitor = mix(index as u64 / 3);
    let back = i64::try_from(mix(index as u64) % 60_000).unwrap_or_default();
    let mut event = Map::new();
    let mut put = |name: &str, value: String| {
        if !value.is_empty() {
            event.insert(name.to_owned(), value.into());
        }
    };
    put("event", of(&NAMES, index).to_owned());
    put("event_id", uuid(index as u64));
    put("timestamp", Timestamp(now.0 - back).to_iso());
    put("url", format!("{ORIGIN}{page}{separator}{tag}"));
    put("referrer", of(&REFERRERS, index).to_owned());
    put("anonymous_id", format!("{visitor:016x}"));
    put("title", title.to_owned());
    if index.is_multiple_of(4) {
        put("user_id", format!("u_{}", visitor % 100_000));
    }
    let place = index % 7;
    event.insert("properties".to_owned(), json!({ "position": place }));
    Value::Object(event)
}

fn of<T: Copy>(list: &[T], index: usize) -> T {
    list[index % list.len()]
}

#[expect(clippy::disallowed_methods, reason = "a benchmark sends current events")]
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or_default())
}

/// A UUID in the format of version 4.
fn uuid(number: u64) -> String {
    let (one, two) = (mix(number), mix(!number));
    let hex = format!("{one:016x}{two:016x}");
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use intake::event::{Bounds, validate};
    use intake::ingest::{batch as read, judge};

    use super::{batch, now, single};

    #[test]
    fn a_batch_has_the_documented_size_and_only_valid_events() {
        let body = batch(1, 1000);
        assert!((311_000..321_000).contains(&body.len()), "{} bytes", body.len());
        let bounds = Bounds { received_at: now(), retention_days: None, trusted: true };
        let judged = judge(read(str::from_utf8(&body).unwrap()).unwrap(), &bounds, &|| unreachable!("all have ids"));
        assert_eq!((judged.events.len(), judged.verdicts.len()), (1000, 0));
    }

    #[test]
    fn events_differ() {
        let bodies: std::collections::HashSet<Vec<u8>> = (0..64).map(single).collect();
        assert_eq!(bodies.len(), 64);
        let bounds = Bounds { received_at: now(), retention_days: None, trusted: true };
        for body in bodies {
            let raw = intake::ingest::one_event(str::from_utf8(&body).unwrap()).unwrap();
            validate(raw, &bounds, &|| unreachable!("all have ids")).unwrap();
        }
    }
}
