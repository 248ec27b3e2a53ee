//! Every case of the corpus gets its answer, and so does its stored address.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a broken corpus fails the test")]

use std::fs;
use std::path::PathBuf;

use classifier::hygiene::{DEFAULT_KEPT, store_url};
use classifier::{ProjectRules, Visit, classify};

struct Case {
    place: String,
    url: String,
    referrer: String,
    host: &'static str,
    answer: String,
    reason: String,
}

fn corpus() -> Vec<Case> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|e| e == "txt")) {
        let name = file.file_name().unwrap().to_string_lossy();
        for (at, line) in fs::read_to_string(file).unwrap().lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fields: Vec<&str> = line.split(" | ").collect();
            let [url, referrer, source, medium, channel, reason] = fields[..] else {
                panic!("{name}:{}: {} fields", at + 1, fields.len());
            };
            let empty = |text: &str| if text == "-" { String::new() } else { text.to_owned() };
            let url = match url.as_bytes().first() {
                Some(b'/' | b'?') => format!("https://example.com{url}"),
                _ => empty(url),
            };
            cases.push(Case {
                place: format!("{name}:{}", at + 1),
                url,
                referrer: empty(referrer),
                host: if name == "internal.txt" { "" } else { "example.com" },
                answer: format!("{source} / {medium} / {channel}"),
                reason: reason.to_owned(),
            });
        }
    }
    cases
}

#[test]
fn every_case_gets_its_answer_and_so_does_its_stored_address() {
    let rules = ProjectRules::default();
    let cases = corpus();
    let mut wrong = Vec::new();
    for case in &cases {
        let stored = store_url(&case.url, DEFAULT_KEPT);
        for url in [&case.url, &stored] {
            let visit = Visit { url, referrer: &case.referrer, host: case.host, rules: &rules };
            let answer = classify(&visit);
            let found = format!("{} / {} / {}", answer.source, answer.medium, answer.channel.as_str());
            if found != case.answer {
                wrong.push(format!(
                    "{}: {url} from {:?}: {found}, not {} ({}; rule {})",
                    case.place, case.referrer, case.answer, case.reason, answer.rule_id
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_corpus_is_large_and_each_case_has_its_reason() {
    let cases = corpus();
    assert!(cases.len() >= 300, "{}", cases.len());
    assert!(cases.iter().all(|case| !case.reason.trim().is_empty()));
}
