//! Counts of lines and events.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::AddAssign;
use std::time::Duration;

use serde_json::{Value, json};

use super::log::LeftOut;
use crate::screen::grouped;

/// Counts of an import or of a part of it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Lines read.
    pub(crate) lines: u64,
    /// Page requests among them.
    pub(crate) pages: u64,
    /// Page requests whose client was logged as a host name: they count as events without a visitor.
    pub(crate) without_address: u64,
    /// Lines skipped, by reason.
    pub(crate) left_out: BTreeMap<LeftOut, u64>,
    /// Events that the Worker has stored.
    pub(crate) accepted: u64,
    /// Events that the Worker had already seen in the same request.
    pub(crate) duplicate: u64,
    /// Events that the Worker rejected, by error code.
    pub(crate) rejected: BTreeMap<String, u64>,
    /// Events that were stored with a change, by the code of the change.
    pub(crate) changed: BTreeMap<String, u64>,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.lines += other.lines;
        self.pages += other.pages;
        self.without_address += other.without_address;
        self.accepted += other.accepted;
        self.duplicate += other.duplicate;
        for (reason, count) in other.left_out {
            *self.left_out.entry(reason).or_default() += count;
        }
        for (code, count) in other.rejected {
            *self.rejected.entry(code).or_default() += count;
        }
        for (code, count) in other.changed {
            *self.changed.entry(code).or_default() += count;
        }
    }
}

impl Tally {
    /// Events that the Worker has answered.
    pub(crate) fn answered(&self) -> u64 {
        self.accepted + self.duplicate + self.rejected.values().sum::<u64>()
    }

    /// One JSON object.
    pub(crate) fn to_json(&self, site: Option<&str>, time: Duration) -> Value {
        let skipped: BTreeMap<_, _> = self.left_out.iter().map(|(reason, count)| (reason.name(), count)).collect();
        json!({
            "lines": self.lines, "pages": self.pages, "accepted": self.accepted, "duplicate": self.duplicate,
            "rejected": self.rejected, "changed": self.changed, "skipped": skipped,
            "without_address": self.without_address, "site": site,
            "seconds": rounded(time.as_secs_f64(), 1000.0), "events_per_second": rounded(self.rate(time), 1.0),
        })
    }

    /// A table for people.
    pub(crate) fn to_text(&self, site: Option<&str>, time: Duration) -> String {
        let mut text = String::new();
        let mut row = |name: &str, count: u64, of: String| {
            let _ = writeln!(text, "  {name:<10}{:>13}{}{of}", grouped(count), if of.is_empty() { "" } else { "  " });
        };
        row("lines", self.lines, String::new());
        row("skipped", self.left_out.values().sum(), listed(self.left_out.iter().map(|(key, n)| (key.name(), *n))));
        row("pages", self.pages, site.map(|site| format!("of {site}")).unwrap_or_default());
        let of_accepted = listed(self.changed.iter().map(|(code, count)| (code.as_str(), *count)));
        row("accepted", self.accepted, of_accepted);
        if self.duplicate > 0 {
            row("duplicate", self.duplicate, String::new());
        }
        let of_rejected = listed(self.rejected.iter().map(|(code, count)| (code.as_str(), *count)));
        row("rejected", self.rejected.values().sum(), of_rejected);
        if self.without_address > 0 {
            row("no visitor", self.without_address, "clients logged as host names".to_owned());
        }
        let _ = write!(text, "  {:.1} s, {:.0} events/s", time.as_secs_f64(), self.rate(time));
        text
    }

    /// A line for the progress bar.
    pub(crate) fn line(&self, time: Duration) -> String {
        format!("{} lines, {} events stored, {:.0}/s", grouped(self.lines), grouped(self.accepted), self.rate(time))
    }

    /// Events stored per second.
    #[expect(clippy::cast_precision_loss, reason = "shown as a rate")]
    pub(crate) fn rate(&self, time: Duration) -> f64 {
        self.accepted as f64 / time.as_secs_f64().max(0.001)
    }
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

fn listed<N: AsRef<str>>(counts: impl Iterator<Item = (N, u64)>) -> String {
    let mut all: Vec<(N, u64)> = counts.collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let parts: Vec<String> = all.iter().map(|(name, count)| format!("{} {}", name.as_ref(), grouped(*count))).collect();
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally() -> Tally {
        let mut whole = Tally { lines: 1_000_000, pages: 3, accepted: 2, ..Tally::default() };
        whole.left_out.insert(LeftOut::Asset, 4);
        let mut more = Tally { lines: 3, ..Tally::default() };
        more.left_out.insert(LeftOut::Asset, 1);
        more.left_out.insert(LeftOut::Status(4), 7);
        more.rejected.insert("invalid_payload".to_owned(), 1);
        whole += more;
        whole
    }

    #[test]
    fn parts_add_up_and_are_printed() {
        let text = tally().to_text(Some("https://a.test"), Duration::from_secs(2));
        assert!(text.contains("1,000,003\n"), "{text}");
        assert!(text.contains("12  status_4xx 7 · asset 5\n"), "{text}");
        assert!(text.contains("1  invalid_payload 1\n"), "{text}");
        assert!(text.ends_with("  2.0 s, 1 events/s"), "{text}");
        assert_eq!(tally().answered(), 3);
    }

    #[test]
    fn progress_in_a_line() {
        let tally = Tally { lines: 12_345, accepted: 1000, ..Tally::default() };
        assert_eq!(tally.line(Duration::from_secs(2)), "12,345 lines, 1,000 events stored, 500/s");
    }

    #[test]
    fn the_json_has_the_same() {
        let json = tally().to_json(None, Duration::from_millis(1500));
        assert_eq!(json["skipped"], json!({ "asset": 5, "status_4xx": 7 }));
        assert_eq!((&json["seconds"], &json["site"]), (&json!(1.5), &Value::Null));
    }
}
