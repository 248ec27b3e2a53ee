//! Everything the rules may look at, worked out once for a visit.

use std::borrow::Cow;

use crate::address;
use crate::brands::{self, Brand, CLICK_IDS, ClickId};
use crate::channel;
use crate::host;
use crate::link::{Page, Referrer};
use crate::project::ProjectRules;
use crate::suffix;
use crate::tagged::Tagged;

/// What a visit shows.
pub(crate) struct Signals<'p, 'a> {
    /// The page's address.
    pub(crate) page: &'p Page<'a>,
    /// Where the visitor came from.
    pub(crate) referrer: &'p Referrer<'a>,
    /// The referrer is the same site, or one of the project's own hosts.
    pub(crate) is_internal: bool,
    /// The site's own host as it was given; the other is that of the page's address.
    site: Option<Cow<'a, str>>,
}

impl<'p, 'a> Signals<'p, 'a> {
    pub(crate) fn read(page: &'p Page<'a>, referrer: &'p Referrer<'a>, host: &'a str, rules: &ProjectRules) -> Self {
        let mut signals = Self { page, referrer, is_internal: false, site: address::site_host(host) };
        if let Some(host) = referrer.host.as_deref().filter(|_| !referrer.is_app) {
            signals.is_internal = signals.sites().any(|site| is_same_site(host, site)) || rules.is_own_host(host);
        }
        signals
    }

    fn sites(&self) -> impl Iterator<Item = &str> {
        self.site.as_deref().into_iter().chain(self.page.host.as_deref())
    }

    /// Whose site the referrer is, if it is another one.
    pub(crate) fn referrer_brand(&self) -> Option<Brand> {
        self.referrer.brand.filter(|_| !self.is_internal)
    }

    /// The click ids in the link, in the table's order.
    pub(crate) fn click_ids(&self) -> impl Iterator<Item = &'static ClickId> {
        let mut left = self.page.query.click_ids;
        std::iter::from_fn(move || {
            let at = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            CLICK_IDS.get(at)
        })
    }

    /// The referrer's source where it is another site: a slug or the bare host.
    pub(crate) fn referrer_source(&self) -> Option<Cow<'a, str>> {
        let referrer = self.referrer;
        let host = referrer.host.as_ref().filter(|_| !self.is_internal)?;
        Some(match referrer.brand {
            Some(brand) => Cow::Borrowed(brand.source),
            None if referrer.is_app => host.clone(),
            None => bare(host),
        })
    }

    /// The medium sent is one for which somebody paid.
    pub(crate) fn is_paid_medium(&self) -> bool {
        let medium = &*self.page.medium;
        matches!(medium, "cpc" | "ppc" | "cpm" | "cpv" | "cpa" | "retargeting" | "display")
            || medium.starts_with("paid")
    }

    /// Whether a tag or the referrer says that the click is not this id's vendor's.
    pub(crate) fn contradicts(&self, id: &ClickId) -> bool {
        let medium = &*self.page.medium;
        if let Some(tagged) = &self.page.tagged {
            return match tagged.brand {
                Some(brand) => !id.family.contains(&brand.source),
                None => {
                    tagged.is_host || !medium.is_empty() && !channel::is_paid(medium) && !channel::is_display(medium)
                }
            };
        }
        id.contradicted_by_referrer && self.referrer_brand().is_some_and(|brand| !id.family.contains(&brand.source))
    }

    /// The source a click id stands for: the vendor, or what the tag or else the referrer names of
    /// the vendor's family (`instagram` of Meta, `youtube` of Google).
    pub(crate) fn family_member(&self, id: &ClickId, of_referrer: bool) -> Brand {
        let tagged = self.page.tagged.as_ref().and_then(|tagged| tagged.brand);
        let referrer = self.referrer_brand().filter(|_| of_referrer);
        tagged
            .or(referrer)
            .filter(|brand| id.family.contains(&brand.source))
            .or_else(|| brands::of_name(id.source))
            .unwrap_or(Brand { source: id.source, kind: id.kind })
    }

    /// What the first of `ref`, `source`, `via` names, where that is a known brand or a host of
    /// another site.
    pub(crate) fn hint(&self) -> Option<Tagged<'a>> {
        self.page.query.hints.iter().filter_map(Tagged::read).find(|tagged| {
            let own = || self.sites().any(|site| is_same_site(&tagged.source, site));
            tagged.brand.is_some() || tagged.is_host && !own()
        })
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
