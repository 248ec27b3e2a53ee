//! Everything the rules may look at, worked out once for a visit.

use std::borrow::Cow;

use crate::ProjectRules;
use crate::address::{self, Address};
use crate::brands::{self, Brand, CLICK_IDS, ClickId, Kind};
use crate::channel;
use crate::host;
use crate::link::Link;
use crate::query::Query;
use crate::suffix;

/// What a visit shows.
pub(crate) struct Signals<'a> {
    /// The parameters of the address.
    pub(crate) query: Query<'a>,
    /// `utm_medium` in lower case.
    pub(crate) medium: Cow<'a, str>,
    /// `utm_source` as it was read.
    pub(crate) tagged: Option<Tagged<'a>>,
    /// Where the visitor came from.
    pub(crate) referrer: Referrer<'a>,
    /// The site's own host as it was given, and that of the page's address.
    sites: [Option<Cow<'a, str>>; 2],
}

/// A source that a link names.
#[derive(Clone, Debug)]
pub(crate) struct Tagged<'a> {
    /// A brand's slug, a bare host, or the text in lower case.
    pub(crate) source: Cow<'a, str>,
    pub(crate) brand: Option<Brand>,
    /// The text was a host, and is to be read as one.
    pub(crate) is_host: bool,
}

/// The referrer.
pub(crate) struct Referrer<'a> {
    /// The normalised host or an app's package; empty where there is none.
    pub(crate) host: Cow<'a, str>,
    pub(crate) brand: Option<Brand>,
    /// The same site, or one of the project's own hosts.
    pub(crate) is_internal: bool,
    pub(crate) is_app: bool,
    /// Something was sent, but no host can be read from it.
    pub(crate) is_unusable: bool,
}

impl<'a> Signals<'a> {
    pub(crate) fn read(page: &Link<'a>, referrer: &Link<'a>, host: &'a str, rules: &ProjectRules) -> Self {
        let query = Query::read(page.address.query);
        let medium = lower(&query.medium);
        let tagged = Tagged::read(&query.source);
        let sites = [address::site_host(host), page.host.clone()];
        let referrer = Referrer::read(referrer, rules, &sites);
        Self { query, medium, tagged, referrer, sites }
    }

    /// The click ids in the link, in the table's order.
    pub(crate) fn click_ids(&self) -> impl Iterator<Item = &'static ClickId> {
        let mut left = self.query.click_ids;
        std::iter::from_fn(move || {
            let at = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            CLICK_IDS.get(at)
        })
    }

    /// The referrer's source where it is another site: a slug or the bare host.
    pub(crate) fn referrer_source(&self) -> Option<Cow<'a, str>> {
        let referrer = &self.referrer;
        if referrer.host.is_empty() || referrer.is_internal {
            return None;
        }
        Some(match referrer.brand {
            Some(brand) => Cow::Borrowed(brand.source),
            None if referrer.is_app => referrer.host.clone(),
            None => bare(&referrer.host),
        })
    }

    /// The medium sent is one for which somebody paid.
    pub(crate) fn is_paid_medium(&self) -> bool {
        matches!(&*self.medium, "cpc" | "ppc" | "cpm" | "cpv" | "cpa" | "retargeting" | "display")
            || self.medium.starts_with("paid")
    }

    /// Whether a tag or the referrer says that the click is not this id's vendor's.
    pub(crate) fn contradicts(&self, id: &ClickId) -> bool {
        if let Some(tagged) = &self.tagged {
            return match tagged.brand {
                Some(brand) => !id.family.contains(&brand.source),
                None => {
                    tagged.is_host
                        || !self.medium.is_empty()
                            && !channel::is_paid(&self.medium)
                            && !channel::is_display(&self.medium)
                }
            };
        }
        let referrer = &self.referrer;
        id.contradicted_by_referrer
            && !referrer.is_internal
            && referrer.brand.is_some_and(|brand| !id.family.contains(&brand.source))
    }

    /// The source a click id stands for: the vendor, or what the tag or else the referrer names of
    /// the vendor's family (`instagram` of Meta, `youtube` of Google).
    pub(crate) fn family_member(&self, id: &ClickId, of_referrer: bool) -> Brand {
        let tagged = self.tagged.as_ref().and_then(|tagged| tagged.brand);
        let referrer = self.referrer.brand.filter(|_| of_referrer && !self.referrer.is_internal);
        tagged
            .or(referrer)
            .filter(|brand| id.family.contains(&brand.source))
            .or_else(|| brands::of_name(id.source))
            .unwrap_or(Brand { source: id.source, kind: id.kind })
    }

    /// What the first of `ref`, `source`, `via` names, where that is a known brand or a host of
    /// another site.
    pub(crate) fn hint(&self) -> Option<Tagged<'a>> {
        self.query.hints.iter().filter_map(Tagged::read).find(|tagged| {
            let own = || self.sites.iter().flatten().any(|site| is_same_site(&tagged.source, site));
            tagged.brand.is_some() || tagged.is_host && !own()
        })
    }
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

impl<'a> Referrer<'a> {
    fn read(link: &Link<'a>, rules: &ProjectRules, sites: &[Option<Cow<'a, str>>; 2]) -> Self {
        let address = &link.address;
        let host = link.host.clone().unwrap_or_default();
        let mut referrer = Self {
            is_unusable: host.is_empty() && (address.opaque.is_some() || !address.path.is_empty()),
            is_app: address.is_app(),
            is_internal: false,
            brand: None,
            host,
        };
        if referrer.host.is_empty() {
            return referrer;
        }
        if referrer.is_app {
            referrer.brand = brands::of_app(&referrer.host);
            return referrer;
        }
        referrer.is_internal =
            sites.iter().flatten().any(|site| is_same_site(&referrer.host, site)) || rules.is_own_host(&referrer.host);
        if !referrer.is_internal {
            referrer.brand = brands::of_host(&referrer.host, address.path);
        }
        referrer
    }
}

/// Whether two hosts share the domain that somebody registered.
pub(crate) fn is_same_site(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    // Two labels are the least a registered domain has: where these differ, so do the domains.
    if last_two(one) != last_two(other) {
        return false;
    }
    suffix::registrable_domain(one).is_some_and(|domain| host::is_within(other, domain))
}

fn last_two(host: &str) -> &str {
    let mut dots = host.bytes().enumerate().rev().filter(|&(_, byte)| byte == b'.');
    dots.nth(1).map_or(host, |(at, _)| &host[at + 1..])
}

fn bare<'a>(host: &Cow<'a, str>) -> Cow<'a, str> {
    match host {
        Cow::Borrowed(host) => Cow::Borrowed(host::without_www(host)),
        Cow::Owned(host) => Cow::Owned(host::without_www(host).to_owned()),
    }
}

/// In lower case; borrowed where it is already.
fn lower<'a>(text: &Cow<'a, str>) -> Cow<'a, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        text.clone()
    } else {
        Cow::Owned(text.to_lowercase())
    }
}
