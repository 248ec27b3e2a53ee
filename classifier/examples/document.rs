//! Writes `docs/classifier.md` from the rules: `cargo run -p classifier --example document`.

use std::fmt::Write;

use classifier::{CLICK_IDS, Channel, RULES};

const HEAD: &str = "\
<!-- Written from classifier/src/rules.rs by `UPDATE_DOCS=1 cargo test -p classifier --test rules`. Do not edit. -->
# How a visit's source is found

`classify(url, referrer, host)` answers with a source, a medium, a channel, a confidence and the id
of the rule that decided. A project's own rules come first; then these, in this order; the first
that answers decides.

- **source**: a brand's slug (`google`, `chatgpt`, `hacker-news`), the bare host without `www.`, a
  `utm_source` that nobody knows in lower case, or `direct`, `internal`, `unknown`.
- **medium**: paid, organic, social, email, ai-assistant, video, shopping, referral, internal,
  direct, unknown, or the `utm_medium` as sent, trimmed and in lower case.
- **channel**: GA4's default channel groups in GA4's order, computed from the source and from the
  `utm_medium` as sent (only where none was sent, from the medium answered), and `Internal`.

## Rules
";

const TAIL: &str = "\
## How addresses are read

- 2048 bytes of url and referrer are looked at; the rest is not. Everything takes linear time.
- Parameter names count without regard to case, and without an `amp;` before them. Of a repeated
  parameter the first that is not empty wins. Values are decoded (`%xx`, `+`) and trimmed; an empty
  `utm_*` is as good as absent. A click id counts without a value too, because it is stored so.
- Parameters in the fragment are not looked at: a stored address has no fragment, and it must
  classify like the original.
- `utm_source` is looked up as a name (`fb`, `Hacker News`, `google_ads`), then read as a host where
  it is one.
- Hosts match on label boundaries, the longest pattern wins; `google.*` stands for `com`, a country,
  or `co`/`com` and a country. A pattern that is a public suffix (`blogspot.com`) matches only
  itself: what stands below it belongs to others.
- Hosts are compared in lower case, in punycode, without port, user info and trailing dot. IP
  addresses and names without a dot are the same site only as themselves.
- `android-app://` and `ios-app://` referrers are looked up by their package.
- The query of a referrer is never looked at; its path only where a table asks for one
  (`x.com/i/grok`).
- The same site is tested before the tables of known sites, so that a click inside amazon.com is
  internal to amazon.com. Tags and click ids go before it.

## A project's own rules

Up to 100 rules of a referrer host, `utm_source`, `utm_medium` or `utm_campaign` pattern to a
source, a medium and, if wished, a channel; and up to 100 own hosts that count as the same site. A
rule's own name is the rule id, its confidence is high.
";

/// The page.
pub(crate) fn document() -> String {
    let mut page = String::from(HEAD);
    for (index, rule) in RULES.iter().enumerate() {
        let example = &rule.example;
        let referrer = match example.referrer {
            "" => String::new(),
            referrer => format!(" from `{referrer}`"),
        };
        let _ = write!(
            page,
            "\n### {}. `{}` ({})\n\n{}\n\nExample: `{}`{referrer} is `{}` / `{}`, {}.\n",
            index + 1,
            rule.id,
            rule.confidence.as_str(),
            rule.doc,
            example.url,
            example.source,
            example.medium,
            example.channel.as_str(),
        );
    }
    page.push_str("\n## Click ids\n\nOnly the name is kept, never the value.\n\n| name | source | medium | what it is |\n|---|---|---|---|\n");
    for id in CLICK_IDS {
        let _ = writeln!(page, "| `{}` | {} | {} | {} |", id.name, id.source, id.medium(), id.origin);
    }
    page.push_str("\n## Channels\n\n");
    // One by one: joining a list that is known when compiling keeps LLVM busy for minutes.
    for (index, channel) in Channel::ALL.iter().enumerate() {
        page.push_str(if index == 0 { "" } else { ", " });
        page.push_str(channel.as_str());
    }
    page.push_str(".\n\n");
    page.push_str(TAIL);
    page
}

#[allow(dead_code, reason = "the test takes the page and leaves the program")]
fn main() {
    print!("{}", document());
}
