//! Addresses that were taken apart once, for all that is asked of them: who has many visits to classify
//! reads each address once.

use std::borrow::Cow;

use crate::address::Address;
use crate::brands::{self, Brand};
use crate::query::Query;
use crate::tagged::{Tagged, lower};

/// A page's address: what it says of a visit ([`crate::classify_links`]), and what of it may be stored
/// ([`crate::hygiene::push_url`]). Of more than 2048 bytes the rest is not looked at.
#[derive(Debug)]
pub struct Page<'a> {
    pub(crate) address: Address<'a>,
    pub(crate) host: Option<Cow<'a, str>>,
    /// The parameters of the address.
    pub(crate) query: Query<'a>,
    /// `utm_medium` in lower case.
    pub(crate) medium: Cow<'a, str>,
    /// `utm_source` as it was read.
    pub(crate) tagged: Option<Tagged<'a>>,
}

impl<'a> Page<'a> {
    /// Takes an address apart.
    pub fn read(url: &'a str) -> Self {
        let address = Address::split(url);
        let query = Query::read(address.query);
        let medium = lower(&query.medium);
        let tagged = Tagged::read(&query.source);
        Self { address, host: address.host(), query, medium, tagged }
    }

    /// The host: lower case, ASCII (punycode), without user info, port and trailing dot; empty where there is
    /// none. A host without a scheme (`example.com/x`) counts as one.
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

/// A referrer's address: what it says of a visit, and what of it may be stored
/// ([`crate::hygiene::push_referrer`]).
#[derive(Debug)]
pub struct Referrer<'a> {
    pub(crate) address: Address<'a>,
    /// The normalised host or an app's package.
    pub(crate) host: Option<Cow<'a, str>>,
    /// Whose it is, were it another site's than the visited one.
    pub(crate) brand: Option<Brand>,
    pub(crate) is_app: bool,
}

impl<'a> Referrer<'a> {
    /// Takes an address apart.
    pub fn read(referrer: &'a str) -> Self {
        let address = Address::split(referrer);
        let (host, is_app) = (address.host(), address.is_app());
        let brand = host
            .as_deref()
            .and_then(|host| if is_app { brands::of_app(host) } else { brands::of_host(host, address.path) });
        Self { address, host, brand, is_app }
    }

    /// The host, as [`Page::host`]; of an app its package.
    pub fn host(&self) -> &str {
        self.host.as_deref().unwrap_or_default()
    }

    /// Something was sent, but no host can be read from it.
    pub(crate) fn is_unusable(&self) -> bool {
        self.host.is_none() && (self.address.opaque.is_some() || !self.address.path.is_empty())
    }
}
