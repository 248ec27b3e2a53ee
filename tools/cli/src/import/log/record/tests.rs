use proptest::prelude::*;

use super::*;

const TIME: i64 = 1_431_857_103_000;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn parse(line: &str) -> Record<'_> {
    Record::parse(line.as_bytes()).unwrap_or_else(|broken| panic!("{broken}: {line}"))
}

#[test]
fn the_combined_format() {
    let record = parse(
        r#"83.149.9.216 - - [17/May/2015:10:05:03 +0000] "GET /a?b=c HTTP/1.1" 200 203023 "http://a.test/" "Mozilla/5.0 \"x\"""#,
    );
    assert_eq!(record.vhost, None);
    assert_eq!(record.ip.unwrap().to_string(), "83.149.9.216");
    assert_eq!((record.time, record.status), (TIME, 200));
    assert_eq!(text(&record.request), "GET /a?b=c HTTP/1.1");
    assert_eq!(text(&record.referrer), "http://a.test/");
    assert_eq!(text(&record.user_agent), "Mozilla/5.0 \"x\"");
}

#[test]
fn the_common_format_has_no_headers() {
    let record = parse(r#"::1 - - [17/May/2015:12:05:03 +0200] "GET / HTTP/1.1" 304 -"#);
    assert_eq!((record.time, record.status), (TIME, 304));
    assert_eq!(record.ip.unwrap().to_string(), "::1");
    assert!(record.referrer.is_empty() && record.user_agent.is_empty());
}

#[test]
fn what_stands_for_nothing_is_nothing() {
    let record = parse(r#"::1 - - [17/May/2015:10:05:03 +0000] "-" 408 - "-" "-""#);
    assert!(record.referrer.is_empty() && record.user_agent.is_empty());
}

#[test]
fn a_virtual_host_may_stand_in_front() {
    for (line, vhost) in [
        ("www.example.com:443 192.0.2.1 - - ", Some(("www.example.com", Some("443")))),
        ("www.example.com 192.0.2.1 - alice ", Some(("www.example.com", None))),
        ("we\u{20ac}ird 192.0.2.1 - alice ", None),
        ("192.0.2.1 - alice in wonderland [x] ", None),
        ("192.0.2.1 - ", None),
    ] {
        let line = format!(r#"{line}[17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1"#);
        match Record::parse(line.as_bytes()) {
            Ok(record) => {
                assert_eq!(record.vhost, vhost, "{line}");
                assert_eq!(record.ip.unwrap().to_string(), "192.0.2.1", "{line}");
            }
            Err(broken) => assert_eq!((broken.0, vhost), ("no client before the time", None)),
        }
    }
}

#[test]
fn a_client_may_be_a_name() {
    let record =
        parse(r#"crawler.example.net - bob smith [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "x""#);
    assert_eq!((record.vhost, record.ip), (None, None));
}

#[test]
fn what_a_server_appends_is_ignored() {
    for tail in [" \"203.0.113.9\"", " 0.005 0.004 .", " \"cut off"] {
        let line = format!(r#"::1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1 "-" "ua"{tail}"#);
        assert_eq!(text(&parse(&line).user_agent), "ua");
    }
}

#[test]
fn bytes_that_are_no_utf8_are_read() {
    let line = b"::1 - - [17/May/2015:10:05:03 +0000] \"GET /\xe4 HTTP/1.1\" 200 1 \"-\" \"\\xe4\xff\"";
    let record = Record::parse(line).unwrap();
    assert_eq!(record.request.as_ref(), b"GET /\xe4 HTTP/1.1");
    assert_eq!(record.user_agent.as_ref(), b"\xe4\xff");
}

#[test]
fn a_broken_line_says_what_is_wrong() {
    for (line, reason) in [
        ("", "no time"),
        ("hello", "no time"),
        ("::1 - - [yesterday] \"GET / HTTP/1.1\" 200 1", "no time"),
        ("[17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1", "client"),
        ("::1 - - [17/May/2015:10:05:03 +0000] GET / 200 1", "request"),
        ("::1 - - [17/May/2015:10:05:03 +0000] \"GET / 200 1", "request"),
        ("::1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\"", "status and size"),
        ("::1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200", "status and size"),
        ("::1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 2000 1", "status is"),
        ("::1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 000 1", "status is"),
        ("::1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 many", "size is"),
        ("::1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"cut", "cut off"),
        ("::1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1 \"-\"", "cut off"),
    ] {
        let broken = Record::parse(line.as_bytes()).unwrap_err();
        assert!(broken.0.contains(reason), "{line}: {broken}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Record::parse(&line);
    }

    #[test]
    fn no_damage_to_a_line_panics(at in 0_usize..130, length in 0_usize..30, bytes in proptest::collection::vec(any::<u8>(), 0..9)) {
        let mut line = br#"a.test:80 ::1 - - [17/May/2015:10:05:03 +0000] "GET /\x41 HTTP/1.1" 200 7 "http://a.test/\"" "Mozilla/5.0 \\ \xe4" 0.01"#.to_vec();
        let start = at.min(line.len());
        let end = (start + length).min(line.len());
        line.splice(start..end, bytes);
        let _ = Record::parse(&line);
    }

    #[test]
    fn whatever_a_header_holds_comes_back(header in "[ -~]{0,60}") {
        prop_assume!(header != "-");
        let escaped = header.replace('\\', "\\\\").replace('"', "\\\"");
        let line = format!(r#"::1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 7 "{escaped}" "{escaped}""#);
        let record = Record::parse(line.as_bytes()).map_err(|broken| TestCaseError::fail(broken.0))?;
        prop_assert_eq!(record.referrer.as_ref(), header.as_bytes());
        prop_assert_eq!(record.user_agent.as_ref(), header.as_bytes());
    }
}
