use classifier::ProjectRules;
use serde_json::Value;

use super::*;
use crate::event::{Bounds, Context, validate};

const NOW: Timestamp = Timestamp(1_795_255_200_000);
const BROWSER: Sender = Sender {
    ip: Some(std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1))),
    signals: useragent::Signals {
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        ch_ua: "",
        ch_mobile: "",
        ch_platform: "",
        ch_platform_version: "",
    },
    country: "DE",
    region: "",
    city: "",
    language: "de",
    dnt: false,
};

fn project(dnt_mode: DntMode) -> Project {
    Project {
        id: "00000000-0000-0000-0000-000000000001".into(),
        slug: "demo".into(),
        timezone: "UTC".into(),
        retention_days: None,
        dnt_mode,
        kept_params: None,
        archived: false,
        rules: ProjectRules::default(),
        quota: crate::quota::Quota::default(),
        rate: None,
        excluded: vec![crate::exclude::IpRange::parse("198.51.100.0/24").unwrap()],
        geo_level: crate::control::GeoLevel::Region,
    }
}

fn keys(days: &[Day]) -> HashMap<Day, DayKey> {
    days.iter().map(|day| (*day, DayKey::derive("secret", &day.0.to_be_bytes().repeat(8)).unwrap())).collect()
}

fn row(json: &str, sender: Option<Sender>, dnt_mode: DntMode, days: &[Day]) -> Option<Value> {
    let bounds = Bounds { received_at: NOW, retention_days: None, trusted: true };
    let event = validate(serde_json::from_str(json).unwrap(), &bounds, &uuid::Uuid::nil).unwrap();
    let project = project(dnt_mode);
    let enricher = Enricher {
        project: &project,
        env: Env::Live,
        received_at: NOW,
        sent_by: SentBy::Browser,
        sender,
        is_bot: |_| false,
        day_keys: &keys(days),
    };
    let mut lines = Vec::new();
    let fate = enricher.writer(1).write(&event, &mut lines);
    assert_eq!(fate == Fate::Dropped, lines.is_empty());
    (fate == Fate::Written).then(|| crate::json::read(&lines).unwrap())
}

const EVENT: &str = r#"{"event":"pageview","url":"https://shop.example.com/a/b?x=1","anonymous_id":"a","user_id":"u"}"#;

#[test]
fn a_row_holds_what_was_sent_and_what_was_derived() {
    let row = row(EVENT, Some(BROWSER), DntMode::Anonymous, &[NOW.day()]).unwrap();
    assert_eq!(row["path"], "/a/b");
    assert_eq!(row["host"], "shop.example.com");
    assert_eq!((&row["country"], &row["language"]), (&"DE".into(), &"de".into()));
    assert_eq!((&row["anonymous_id"], &row["env"]), (&"a".into(), &"live".into()));
    assert!(row["visitor_hash"].as_str().unwrap().parse::<u64>().unwrap() > 0);
    assert!(!row.to_string().contains("192.0.2.1") && !row.to_string().contains("Gecko"));
}

#[test]
fn a_row_has_each_column_of_the_table_once_and_no_other() {
    let json = r#"{"event":"e","event_id":"i","anonymous_id":"a","user_id":"u","session_id":"s","title":"T",
        "url":"https://shop.example.com/a?utm_source=news&utm_medium=email&utm_campaign=c&utm_term=t&utm_content=d&gclid=1",
        "referrer":"https://www.google.com/search","context":{"screen":{"width":390,"height":844}},"revenue":{"amount":"1.5","currency":"EUR"},"properties":{"x":1}}"#;
    let agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko; \
                 compatible; GPTBot/1.2) Version/17.5 Mobile/15E148 Safari/604.1";
    let signals = useragent::Signals { user_agent: agent, ..BROWSER.signals };
    let sender = Sender { signals, region: "Bavaria", city: "Munich", ..BROWSER };
    let columns = |line: &[u8]| -> Vec<String> {
        let text = str::from_utf8(line).unwrap();
        // Keys as they stand in the line: an object of serde's would hide one that stands there twice.
        text.split("\":\"").filter_map(|part| part.rsplit('"').next()).map(ToOwned::to_owned).collect()
    };
    let mut project = project(DntMode::Anonymous);
    project.geo_level = crate::control::GeoLevel::City;
    let bounds = Bounds { received_at: NOW, retention_days: None, trusted: false };
    let event = validate(serde_json::from_str(json).unwrap(), &bounds, &uuid::Uuid::nil).unwrap();
    let enricher = Enricher {
        project: &project,
        env: Env::Live,
        received_at: NOW,
        sent_by: SentBy::Browser,
        sender: Some(sender),
        is_bot: |_| true,
        day_keys: &keys(&[NOW.day()]),
    };
    let mut line = Vec::new();
    enricher.writer(1).write(&event, &mut line);
    let mut written = columns(&line);
    written.pop();
    written.sort_unstable();
    let mut known: Vec<&str> = schema::Column::WRITTEN.iter().map(|column| column.as_str()).collect();
    known.sort_unstable();
    assert_eq!(written, known);
}

#[test]
fn a_row_says_who_sent_it_whatever_the_event_says() {
    let json = r#"{"event":"e","sent_by":"server","properties":{"sent_by":"server"},"context":{"sent_by":"server"}}"#;
    let bounds = Bounds { received_at: NOW, retention_days: None, trusted: true };
    let event = validate(serde_json::from_str(json).unwrap(), &bounds, &uuid::Uuid::nil).unwrap();
    let (project, days) = (project(DntMode::Anonymous), HashMap::new());
    for sent_by in SentBy::ALL {
        let enricher = Enricher {
            project: &project,
            env: Env::Live,
            received_at: NOW,
            sent_by,
            sender: None,
            is_bot: |_| false,
            day_keys: &days,
        };
        let mut line = Vec::new();
        enricher.writer(1).write(&event, &mut line);
        let row: Value = crate::json::read(&line).unwrap();
        assert_eq!(row["sent_by"], sent_by.as_str());
    }
}

#[test]
fn utm_parameters_are_stored_as_sent_and_classified_beside_it() {
    let json = r#"{"event":"e","url":"https://shop.example.com/?UTM_Source=+Face%42ook&utm_medium=CPC&utm_source=x"}"#;
    let row = row(json, Some(BROWSER), DntMode::Anonymous, &[NOW.day()]).unwrap();
    assert_eq!((&row["utm_source"], &row["utm_medium"]), (&"FaceBook".into(), &"CPC".into()));
    assert_eq!((&row["source"], &row["medium"]), (&"facebook".into(), &"paid".into()));
}

#[test]
fn a_screen_is_taken_from_any_key_and_nothing_else_of_the_context_is() {
    let json = r#"{"event":"e","context":{"screen":{"width":800,"height":600},"country":"FR"}}"#;
    for (trusted, country) in [(false, "DE"), (true, "FR")] {
        let bounds = Bounds { received_at: NOW, retention_days: None, trusted };
        let event = validate(serde_json::from_str(json).unwrap(), &bounds, &uuid::Uuid::nil).unwrap();
        assert_eq!((event.shown.screen, event.context.is_some()), ("tablet", trusted));
        let (project, days) = (project(DntMode::Anonymous), keys(&[NOW.day()]));
        let enricher = Enricher {
            project: &project,
            env: Env::Live,
            received_at: NOW,
            sent_by: SentBy::Browser,
            sender: Some(BROWSER),
            is_bot: |_| false,
            day_keys: &days,
        };
        let mut line = Vec::new();
        enricher.writer(1).write(&event, &mut line);
        let row: Value = crate::json::read(&line).unwrap();
        assert_eq!((&row["screen"], &row["country"]), (&"tablet".into(), &country.into()));
    }
}

#[test]
fn browser_system_and_bots_are_told() {
    let person = row(EVENT, Some(BROWSER), DntMode::Anonymous, &[NOW.day()]).unwrap();
    assert_eq!((&person["browser"], &person["browser_version"]), (&"Firefox".into(), &"140".into()));
    assert_eq!((&person["os"], &person["device_type"]), (&"Linux".into(), &"desktop".into()));
    assert!(person.get("bot_class").is_none());
    let crawler = useragent::Signals { user_agent: "Mozilla/5.0 (compatible; GPTBot/1.2)", ..BROWSER.signals };
    let bot = row(EVENT, Some(Sender { signals: crawler, ..BROWSER }), DntMode::Anonymous, &[NOW.day()]).unwrap();
    assert_eq!((&bot["bot_class"], &bot["device_type"]), (&"ai-crawler".into(), &"bot".into()));
    let spam = EVENT.replacen("\"event\"", "\"referrer\":\"http://semalt.com/x\",\"event\"", 1);
    let spam = row(&spam, Some(BROWSER), DntMode::Anonymous, &[NOW.day()]).unwrap();
    assert_eq!(spam["bot_class"], "referrer-spam");
}

#[test]
fn who_asks_not_to_be_tracked_is_treated_as_the_project_says() {
    let dnt = Some(Sender { dnt: true, ..BROWSER });
    let anonymous = row(EVENT, dnt, DntMode::Anonymous, &[NOW.day()]).unwrap();
    for column in schema::Column::PERSONAL {
        assert!(anonymous.get(column.as_str()).is_none(), "{column:?}");
    }
    assert!(row(EVENT, dnt, DntMode::Drop, &[NOW.day()]).is_none());
    assert!(row(EVENT, dnt, DntMode::Ignore, &[NOW.day()]).unwrap().get("visitor_hash").is_some());
}

#[test]
fn a_late_event_uses_the_key_of_its_day_or_of_today() {
    let late = r#"{"event":"e","timestamp":"2026-11-10T00:00:00Z"}"#;
    let hash =
        |json, days: &[Day]| row(json, Some(BROWSER), DntMode::Anonymous, days).unwrap().get("visitor_hash").cloned();
    let own = Day::parse("2026-11-10").unwrap();
    let today = hash(late, &[NOW.day()]);
    assert!(today.is_some(), "a late event takes the receipt day's key");
    assert_ne!(today, hash(late, &[NOW.day(), own]), "unless its own still lives");
    assert_eq!(hash(late, &[]), None, "no key, no hash");
    let imported = r#"{"event":"e","timestamp":"2026-11-10T00:00:00Z","context":{"ip":"192.0.2.9"}}"#;
    assert_eq!(hash(imported, &[NOW.day()]), None, "an imported one never takes another day's");
    assert!(hash(imported, &[own]).is_some());
}

#[test]
fn a_projects_own_traffic_is_not_kept() {
    let own = Some(Sender { ip: "198.51.100.77".parse().ok(), ..BROWSER });
    assert!(row(EVENT, own, DntMode::Anonymous, &[NOW.day()]).is_none());
}

#[test]
fn places_are_as_exact_as_the_project_asks() {
    let sender = Some(Sender { region: "Bavaria", city: "Munich", ..BROWSER });
    let row = row(EVENT, sender, DntMode::Anonymous, &[NOW.day()]).unwrap();
    assert_eq!((&row["region"], row.get("city")), (&"Bavaria".into(), None));
}

#[test]
fn a_server_is_no_visitor() {
    assert!(row(EVENT, None, DntMode::Anonymous, &[NOW.day()]).unwrap().get("visitor_hash").is_none());
    let context = Context { country: Some("AT".into()), ..Context::default() };
    assert_eq!(Sender::of_context(&context).country, "AT");
}

#[test]
fn paths() {
    for (url, path) in [
        ("https://a.b", "/"),
        ("https://a.b/", "/"),
        ("https://a.b/c?d=/e", "/c"),
        ("https://a.b?d=/e", "/"),
        ("nonsense", ""),
        ("", ""),
    ] {
        assert_eq!(path_of(url), path, "{url}");
    }
}

/// Events of a few pages, referrers and senders, so that they meet in every order.
fn few() -> impl proptest::strategy::Strategy<Value = Vec<String>> {
    use proptest::prelude::*;
    let pages = prop_oneof![
        Just("https://shop.example.com/a?utm_source=x&gclid=1"),
        Just("https://shop.example.com/b/jane@example.com"),
        Just("https://blog.example.com/a"),
        Just("/a?ref=y"),
        Just(""),
    ];
    let referrers = prop_oneof![
        Just("https://www.google.com/search?q=1"),
        Just("http://semalt.com/"),
        Just("https://blog.example.com/"),
        Just(""),
    ];
    let contexts = prop_oneof![
        Just(""),
        Just(r#","context":{"ip":"192.0.2.7","user_agent":"curl/8.1","country":"DE"}"#),
        Just(r#","context":{"ip":"192.0.2.7","user_agent":"Mozilla/5.0 (compatible; GPTBot/1.2)"}"#),
        Just(r#","context":{"ip":"192.0.2.8","user_agent":"curl/8.1","dnt":true}"#),
        Just(r#","context":{"language":"fr-FR"}"#),
        Just(r#","path":"/p","timestamp":"2026-11-20T10:00:00Z""#),
    ];
    let event = (pages, referrers, contexts).prop_map(|(page, referrer, context)| {
        format!(r#"{{"event":"e","event_id":"i","url":"{page}","referrer":"{referrer}"{context}}}"#)
    });
    prop::collection::vec(event, 1..40)
}

proptest::proptest! {
    #[test]
    fn an_events_row_does_not_depend_on_those_before_it(events in few(), browser: bool) {
        let bounds = Bounds { received_at: NOW, retention_days: None, trusted: true };
        let raw = events.iter().map(|json| serde_json::from_str(json).unwrap());
        let events: Vec<Event<'_>> = raw.map(|raw| validate(raw, &bounds, &uuid::Uuid::nil).unwrap()).collect();
        let (project, days) = (project(DntMode::Anonymous), keys(&[NOW.day(), Day(NOW.day().0 - 1)]));
        let enricher = Enricher {
            project: &project,
            env: Env::Live,
            received_at: NOW,
            sent_by: SentBy::Browser,
            sender: browser.then_some(BROWSER),
            is_bot: |user_agent| user_agent.contains("curl"),
            day_keys: &days,
        };
        let (mut together, mut alone) = (Vec::new(), Vec::new());
        let mut writer = enricher.writer(events.len());
        for event in &events {
            writer.write(event, &mut together);
            enricher.writer(1).write(event, &mut alone);
        }
        proptest::prop_assert_eq!(String::from_utf8(together).unwrap(), String::from_utf8(alone).unwrap());
    }
}
