//! One line of the common or combined log format.
//!
//! `[vhost[:port] ]client ident user [time] "request" status bytes[ "referrer" "user agent"[ …]]`, as
//! Apache's `common`, `combined` and `vhost_combined` and nginx's `combined` write it. Anything after the user agent is
//! ignored.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use super::{quoted, time};

/// A parsed line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    /// The virtual host and its port, if the format has them.
    pub(crate) vhost: Option<(&'a str, Option<&'a str>)>,
    /// The client; `None` if the server logged a host name instead of an IP address.
    pub(crate) ip: Option<IpAddr>,
    /// Milliseconds since 1970, UTC.
    pub(crate) time: i64,
    /// The request line, with escapes undone.
    pub(crate) request: Cow<'a, [u8]>,
    /// Status of the response, 100..999.
    pub(crate) status: u16,
    /// The `Referer` header; empty if there was none.
    pub(crate) referrer: Cow<'a, [u8]>,
    /// The `User-Agent` header; empty if there was none.
    pub(crate) user_agent: Cow<'a, [u8]>,
}

/// Why a line cannot be parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) &'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<'a> Record<'a> {
    /// Parses a line.
    pub(crate) fn parse(line: &'a [u8]) -> Result<Self, Broken> {
        let (head, time, rest) = at_time(line).ok_or(Broken("no time like [17/May/2015:10:05:03 +0000]"))?;
        let (vhost, ip) = client(head).ok_or(Broken("no client before the time"))?;
        let (request, rest) =
            quoted::take(rest.trim_ascii_start()).ok_or(Broken("the request or its closing quote is missing"))?;
        let mut words = rest.splitn(4, |byte| *byte == b' ');
        let (Some(b""), Some(status), Some(bytes)) = (words.next(), words.next(), words.next()) else {
            return Err(Broken("no status and size after the request"));
        };
        let status = number(status).filter(|status| *status >= 100).ok_or(Broken("the status is not a number"))?;
        if bytes != b"-" && (bytes.is_empty() || !bytes.iter().all(u8::is_ascii_digit)) {
            return Err(Broken("the size is not a number"));
        }
        let (referrer, user_agent) = match words.next() {
            Some(rest) if rest.starts_with(b"\"") => {
                headers(rest).ok_or(Broken("referrer or user agent is cut off"))?
            }
            _ => (Cow::default(), Cow::default()),
        };
        Ok(Self { vhost, ip, time, request, status, referrer: given(referrer), user_agent: given(user_agent) })
    }
}

/// The part before the time, the time, and the part after its bracket. A user name may contain a bracket.
fn at_time(line: &[u8]) -> Option<(&[u8], i64, &[u8])> {
    const LENGTH: usize = "17/May/2015:10:05:03 +0000".len();
    line.iter().enumerate().filter(|(_, byte)| **byte == b'[').find_map(|(at, _)| {
        let inside = line.get(at + 1..)?;
        let time = time::parse(inside.get(..LENGTH)?)?;
        let rest = inside.get(LENGTH..)?.strip_prefix(b"]")?;
        Some((line.get(..at)?, time, rest))
    })
}

type Field<'a> = Cow<'a, [u8]>;
type Vhost<'a> = (&'a str, Option<&'a str>);

/// Virtual host and client address from the words before the time: `client ident user`, with one more word in front if
/// the format has the virtual host, and more behind if the user name has spaces.
fn client(head: &[u8]) -> Option<(Option<Vhost<'_>>, Option<IpAddr>)> {
    let mut words = head.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let (first, second, _, fourth) = (words.next()?, words.next()?, words.next()?, words.next());
    let ip = address(first);
    // The second of the three is the ident, which is always `-` today.
    if ip.is_some() || fourth.is_none() || second == b"-" {
        return Some((None, ip));
    }
    Some((virtual_host(first), address(second)))
}

fn address(word: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

fn virtual_host(word: &[u8]) -> Option<Vhost<'_>> {
    let text = std::str::from_utf8(word).ok()?;
    let (host, port) = text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    let named = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    let numbered = port.is_none_or(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()));
    (named && numbered).then_some((host, port))
}

fn number(word: &[u8]) -> Option<u16> {
    (word.len() == 3).then(|| std::str::from_utf8(word).ok()?.parse().ok()).flatten()
}

/// Referrer and user agent.
fn headers(rest: &[u8]) -> Option<(Field<'_>, Field<'_>)> {
    let (referrer, rest) = quoted::take(rest)?;
    let (user_agent, _) = quoted::take(rest.trim_ascii_start())?;
    Some((referrer, user_agent))
}

/// `-` means that the header was not sent.
fn given(field: Field<'_>) -> Field<'_> {
    if field.as_ref() == b"-" { Cow::default() } else { field }
}

#[cfg(test)]
mod tests;
