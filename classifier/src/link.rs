//! Parsed URLs of pages and referrers, so that callers with many visits parse each URL once.

use std::borrow::Cow;

use crate::address::Address;
use crate::brands::{self, Brand};
use crate::query::Query;
use crate::tagged::{Tagged, lower};

/// A page's URL, parsed for [`crate::classify_links`] and [`crate::hygiene::push_url`]. Bytes after the first 2048 are
/// ignored.
#[derive(Debug)]
pub struct Page<'a> {
    pub(crate) address: Address<'a>,
    pub(crate) host: Option<Cow<'a, str>>,
    /// The URL's parameters.
    pub(crate) query: Query<'a>,
    /// `utm_medium` in lower case.
    pub(crate) medium: Cow<'a, str>,
    /// `utm_source`, parsed.
    pub(crate) tagged: Option<Tagged<'a>>,
}

impl<'a> Page<'a> {
    /// Parses a URL.
    pub fn read(url: &'a str) -> Self {
        let address = Address::split(url);
        let query = Query::read(address.query);
        let medium = lower(&query.medium);
        let tagged = Tagged::read(&query.source);
        Self { address, host: address.host(), query, medium, tagged }
    }

    /// The host: lower case, ASCII (punycode), without user info, port and trailing dot; empty if there is none. A host
    /// without a scheme (`example.com/x`) is recognized.
    pub fn host(&self) -> &str {
        self.host.as_deref().unwrap_or_default()
    }

    /// `utm_source` as it was sent, decoded and trimmed; empty where there is none. The first that is not empty.
    pub fn utm_source(&self) -> &str {
        &self.query.source
    }

    /// `utm_medium`, as [`Page::utm_source`].
    pub fn utm_medium(&self) -> &str {
        &self.query.medium
    }
}

/// A referrer's URL, parsed for [`crate::classify_links`] and [`crate::hygiene::push_referrer`].
#[derive(Debug)]
pub struct Referrer<'a> {
    pub(crate) address: Address<'a>,
    /// The normalized host, or an app's package.
    pub(crate) host: Option<Cow<'a, str>>,
    /// The host's brand. Does not count if the referrer is the visited site itself.
    pub(crate) brand: Option<Brand>,
    pub(crate) is_app: bool,
}

impl<'a> Referrer<'a> {
    /// Parses a URL.
    pub fn read(referrer: &'a str) -> Self {
        let address = Address::split(referrer);
        let (host, is_app) = (address.host(), address.is_app());
        let brand = host
            .as_deref()
            .and_then(|host| if is_app { brands::of_app(host) } else { brands::of_host(host, address.path) });
        Self { address, host, brand, is_app }
    }

    /// The host, as [`Page::host`]; for an app its package.
    pub fn host(&self) -> &str {
        self.host.as_deref().unwrap_or_default()
    }

    /// A referrer was sent, but it has no host.
    pub(crate) fn is_unusable(&self) -> bool {
        self.host.is_none() && (self.address.opaque.is_some() || !self.address.path.is_empty())
    }
}
