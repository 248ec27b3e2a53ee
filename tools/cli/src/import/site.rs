//! The site of a log: its lines have a path, and in most formats no host.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::str::FromStr;

use anyhow::{Error, Result, bail};

use super::log::{Lines, Record, is_asset};

/// How much of a log is read to guess its site.
const BEGINNING: u64 = 1024 * 1024;

/// An origin: `https://example.com`, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(String);

impl FromStr for Origin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        match origin_of(&whole) {
            Some(origin) if origin.0.len() == whole.len() => Ok(origin),
            _ => bail!("expected a scheme, a host and an optional port, like https://example.com"),
        }
    }
}

impl Origin {
    /// The origin as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The origin of a line: its own virtual host, else `default`.
    pub(crate) fn of_line<'a>(record: &Record<'_>, default: Option<&'a Self>) -> Option<Cow<'a, str>> {
        match record.vhost {
            Some((host, Some("80"))) => Some(format!("http://{host}").into()),
            Some((host, _)) => Some(format!("https://{host}").into()),
            None => default.map(|origin| origin.as_str().into()),
        }
    }
}

/// Guesses the site from the beginning of a log. Returns it with the complete log.
pub(crate) fn guess(mut log: Box<dyn Read + Send>) -> (Option<Origin>, Box<dyn Read + Send>) {
    let mut beginning = Vec::new();
    let read = log.by_ref().take(BEGINNING).read_to_end(&mut beginning);
    let site = most_named(&beginning);
    let beginning = Cursor::new(beginning);
    match read {
        Ok(_) => (site, Box::new(beginning.chain(log))),
        Err(error) => (site, Box::new(beginning.chain(Failed(Some(error))))),
    }
}

/// Styles and images are requested with their page as the referrer: the most frequent of those origins is the site.
fn most_named(log: &[u8]) -> Option<Origin> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut lines = Lines::new(log);
    while let Ok(Some(line)) = lines.next() {
        let Ok(record) = Record::parse(line.bytes) else { continue };
        if record.status < 400
            && is_asset(&record)
            && let Some(Origin(origin)) = std::str::from_utf8(&record.referrer).ok().and_then(origin_of)
        {
            *counts.entry(origin).or_default() += 1;
        }
    }
    // The first in the alphabet among equals: the same log gives the same answer.
    let most = counts.values().max().copied()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(origin, _)| Origin(origin))
}

/// Ends a log with the error that occurred when its beginning was read.
struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Scheme and host of a URL, in lower case.
fn origin_of(url: &str) -> Option<Origin> {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let host = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte) || !byte.is_ascii());
    (matches!(scheme.as_str(), "http" | "https")
        && plain
        && !host.is_empty()
        && !host.starts_with(':')
        && !host.ends_with(':'))
    .then(|| Origin(format!("{scheme}://{host}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_as_people_write_it() {
        for (text, origin) in [
            ("https://example.com", "https://example.com"),
            ("HTTP://Example.com:8080/", "http://example.com:8080"),
            ("example.com", "https://example.com"),
        ] {
            assert_eq!(text.parse::<Origin>().unwrap().as_str(), origin);
        }
        for text in ["", "https://", "ftp://example.com", "https://example.com/blog", "https://a b", "https://u@a.b"] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }

    fn line(target: &str, status: u16, referrer: &str) -> String {
        format!("::1 - - [17/May/2015:10:05:03 +0000] \"GET {target} HTTP/1.1\" {status} 1 \"{referrer}\" \"-\"\n")
    }

    #[test]
    fn a_log_tells_its_site_by_what_its_pages_load() {
        let log = [
            line("/", 200, "https://www.google.com/"),
            line("/", 200, "https://www.google.com/"),
            line("/a.css", 200, "https://example.com/"),
            line("/b.css", 304, "https://Example.com/about?x=1"),
            line("/c.png", 200, "https://hotlink.test/"),
            line("/d.png", 404, "https://old.test/"),
            line("/e.png", 404, "https://old.test/"),
            line("/f.png", 404, "https://old.test/"),
            "broken\n".to_owned(),
        ];
        assert_eq!(most_named(log.concat().as_bytes()).unwrap().as_str(), "https://example.com");
        assert_eq!(most_named(line("/", 200, "https://www.google.com/").as_bytes()), None);
    }

    #[test]
    fn a_lines_own_host_wins() {
        let default = "https://example.com".parse().unwrap();
        for (head, origin) in [
            ("", "https://example.com"),
            ("shop.test:443 ", "https://shop.test"),
            ("shop.test:80 ", "http://shop.test"),
            ("shop.test ", "https://shop.test"),
        ] {
            let line = format!("{head}{}", line("/", 200, "-"));
            let record = Record::parse(line.trim_end().as_bytes()).unwrap();
            assert_eq!(Origin::of_line(&record, Some(&default)).as_deref(), Some(origin));
        }
    }
}
