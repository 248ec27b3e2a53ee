//! Generates `docs/classifier.md` from the rules: `cargo run -p classifier --example document`.

use std::fmt::Write;

use classifier::{CLICK_IDS, Channel, RULES};

const HEAD: &str = "\
<!-- Generated from classifier/src/rules.rs by `UPDATE_DOCS=1 cargo test -p classifier --test rules`. Do not edit. -->
# How a visit's source is determined

`classify(url, referrer, host)` returns a source, a medium, a channel, a confidence and the id of
the rule that decided. A project's own rules come first, then the rules below, in this order; the
first rule that matches decides.

- **source**: a brand's slug (`google`, `chatgpt`, `hacker-news`), a host without `www.`, an unknown
  `utm_source` in lower case, or `direct`, `internal`, `unknown`.
- **medium**: paid, organic, social, email, ai-assistant, video, shopping, referral, direct,
  unknown, or the `utm_medium` as sent, trimmed and in lower case.
- **channel**: one of GA4's default channel groups, or `Internal`. It is computed by GA4's conditions,
  in GA4's order, from the source and the `utm_medium` as sent; if none was sent, from the medium
  that the rule found.

## Rules
";

const TAIL: &str = "\
## How URLs are parsed

- Only the first 2048 bytes of url and referrer count. Everything takes linear time.
- Names of parameters match in any case and with a leading `amp;`. Of a repeated parameter the first
  that is not empty counts. Values are decoded (`%xx`, `+`) and trimmed; an empty `utm_*` is the same
  as an absent one. A click id counts without a value too, because it is stored without its value.
- Parameters in the fragment are ignored: a stored URL has no fragment, and it must classify like
  the original.
- `utm_source` is looked up as a name (`fb`, `Hacker News`, `google_ads`); if it is not a known name
  but a host, it is looked up as a host.
- Hosts match at label boundaries, and the longest pattern wins; `google.*` matches `com`, a country,
  or `co`/`com` and a country. A pattern that is a public suffix (`blogspot.com`) matches only
  itself, because its subdomains belong to others.
- Hosts are compared in lower case, in punycode, without port, user info and trailing dot. IP
  addresses and names without a dot are the same site only if they are equal.
- `android-app://` and `ios-app://` referrers are looked up by their package.
- The query of a referrer is ignored; its path counts only if a table has a path (`x.com/i/grok`).
- The same site is checked before the tables of known sites, so that a click within amazon.com is
  internal to amazon.com. Tags and click ids are checked before both.

## A project's own rules

Up to 100 rules, each from a pattern for the referrer's host, `utm_source`, `utm_medium` or
`utm_campaign` to a source, a medium and, optionally, a channel; and up to 100 own hosts that count
as the same site. The result has the rule's own id and the confidence high.
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
    page.push_str("\n## Click ids\n\nOnly the name is stored, never the value.\n\n| name | source | medium | meaning |\n|---|---|---|---|\n");
    for id in CLICK_IDS {
        let _ = writeln!(page, "| `{}` | {} | {} | {} |", id.name, id.source, id.medium(), id.origin);
    }
    page.push_str("\n## Channels\n\n");
    // One by one: joining a constant list takes LLVM minutes to optimize.
    for (index, channel) in Channel::ALL.iter().enumerate() {
        page.push_str(if index == 0 { "" } else { ", " });
        page.push_str(channel.as_str());
    }
    page.push_str(".\n\n");
    page.push_str(TAIL);
    page
}

#[allow(dead_code, reason = "the test uses `document` only")]
fn main() {
    print!("{}", document());
}
