//! A source that a link names: `utm_source`, `ref`, `source` or `via`.

use std::borrow::Cow;

use crate::address::Address;
use crate::brands::{self, Brand, Kind};
use crate::host;
use crate::suffix;

/// A source that a link names.
#[derive(Clone, Debug)]
pub(crate) struct Tagged<'a> {
    /// A brand's slug, a bare host, or the text in lower case.
    pub(crate) source: Cow<'a, str>,
    pub(crate) brand: Option<Brand>,
    /// The text was a host, and is to be read as one.
    pub(crate) is_host: bool,
}

impl<'a> Tagged<'a> {
    /// A name of the table, a host, or just a text.
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

    /// The medium to answer with where none was sent: a host is read as a referrer would be; of a
    /// name, only an assistant's says enough.
    pub(crate) fn default_medium(&self) -> &'static str {
        match self.brand {
            Some(brand) if self.is_host || matches!(brand.kind, Kind::Ai | Kind::Direct) => brand.kind.medium(),
            None if self.is_host => "referral",
            _ => "unknown",
        }
    }
}

/// In lower case; borrowed where it is already.
pub(crate) fn lower<'a>(text: &Cow<'a, str>) -> Cow<'a, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        text.clone()
    } else {
        Cow::Owned(text.to_lowercase())
    }
}
