//! A source that a link names: `utm_source`, `ref`, `source` or `via`.

use std::borrow::Cow;

use crate::address::Address;
use crate::brands::{self, Brand, Kind};
use crate::host;
use crate::suffix;

/// A source named by a link.
#[derive(Clone, Debug)]
pub(crate) struct Tagged<'a> {
    /// A brand's slug, a host without `www.`, or the text in lower case.
    pub(crate) source: Cow<'a, str>,
    pub(crate) brand: Option<Brand>,
    /// The text is a host.
    pub(crate) is_host: bool,
}

impl<'a> Tagged<'a> {
    /// Parses a text: a name of the table, a host, or anything else. `None` if it is empty.
    pub(crate) fn read(text: &Cow<'a, str>) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        if let Some(brand) = brands::of_name(text) {
            return Some(Self { source: brand.source.into(), brand: Some(brand), is_host: false });
        }
        if text.contains('.') {
            let address = Address::split(text);
            if let Some(host) = address.host() {
                let brand = if address.is_app() { brands::of_app(&host) } else { brands::of_host(&host, address.path) };
                if let Some(brand) = brand {
                    let source = Cow::Borrowed(brand.source);
                    return Some(Self { source, brand: Some(brand), is_host: true });
                }
                if suffix::has_known_suffix(&host) {
                    let source = Cow::Owned(host::without_www(&host).to_owned());
                    return Some(Self { source, brand: None, is_host: true });
                }
            }
        }
        Some(Self { source: lower(text), brand: None, is_host: false })
    }

    /// The medium if none was sent: for a host that of a referrer with this host; for a name that of an AI assistant or of
    /// `(direct)`, otherwise `unknown`.
    pub(crate) fn default_medium(&self) -> &'static str {
        match self.brand {
            Some(brand) if self.is_host || matches!(brand.kind, Kind::Ai | Kind::Direct) => brand.kind.medium(),
            None if self.is_host => "referral",
            _ => "unknown",
        }
    }
}

/// The text in lower case; borrowed if it already is.
pub(crate) fn lower<'a>(text: &Cow<'a, str>) -> Cow<'a, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        text.clone()
    } else {
        Cow::Owned(text.to_lowercase())
    }
}
