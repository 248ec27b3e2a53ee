//! Everything that the rules depend on, computed once per visit.

use std::borrow::Cow;

use crate::address;
use crate::brands::{self, Brand, CLICK_IDS, ClickId};
use crate::channel;
use crate::host;
use crate::link::{Page, Referrer};
use crate::project::ProjectRules;
use crate::suffix;
use crate::tagged::Tagged;

/// The signals of a visit.
pub(crate) struct Signals<'p, 'a> {
    /// The page's URL.
    pub(crate) page: &'p Page<'a>,
    /// The referrer's URL.
    pub(crate) referrer: &'p Referrer<'a>,
    /// The referrer is the same site, or one of the project's own hosts.
    pub(crate) is_internal: bool,
    /// The site's own host as given by the caller, besides that of the page's URL.
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

    /// The referrer's brand, unless the referrer is internal.
    pub(crate) fn referrer_brand(&self) -> Option<Brand> {
        self.referrer.brand.filter(|_| !self.is_internal)
    }

    /// The click ids of the link, in the table's order.
    pub(crate) fn click_ids(&self) -> impl Iterator<Item = &'static ClickId> {
        let mut left = self.page.query.click_ids;
        std::iter::from_fn(move || {
            let at = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            CLICK_IDS.get(at)
        })
    }

    /// The referrer's source, unless the referrer is internal: a slug, or the host without `www.`.
    pub(crate) fn referrer_source(&self) -> Option<Cow<'a, str>> {
        let referrer = self.referrer;
        let host = referrer.host.as_ref().filter(|_| !self.is_internal)?;
        Some(match referrer.brand {
            Some(brand) => Cow::Borrowed(brand.source),
            None if referrer.is_app => host.clone(),
            None => bare(host),
        })
    }

    /// Whether `utm_medium` is a paid one.
    pub(crate) fn is_paid_medium(&self) -> bool {
        let medium = &*self.page.medium;
        matches!(medium, "cpc" | "ppc" | "cpm" | "cpv" | "cpa" | "retargeting" | "display")
            || medium.starts_with("paid")
    }

    /// Whether a tag or the referrer shows that this click did not come from the id's vendor.
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

    /// The source of a click id: a brand of the vendor's family (`instagram` of Meta, `youtube` of Google) named by the tag
    /// or, if `of_referrer`, by the referrer; otherwise the vendor.
    pub(crate) fn family_member(&self, id: &ClickId, of_referrer: bool) -> Brand {
        let tagged = self.page.tagged.as_ref().and_then(|tagged| tagged.brand);
        let referrer = self.referrer_brand().filter(|_| of_referrer);
        tagged
            .or(referrer)
            .filter(|brand| id.family.contains(&brand.source))
            .or_else(|| brands::of_name(id.source))
            .unwrap_or(Brand { source: id.source, kind: id.kind })
    }

    /// The first of `ref`, `source`, `via` that is a known brand or a host of another site.
    pub(crate) fn hint(&self) -> Option<Tagged<'a>> {
        self.page.query.hints.iter().filter_map(Tagged::read).find(|tagged| {
            let own = || self.sites().any(|site| is_same_site(&tagged.source, site));
            tagged.brand.is_some() || tagged.is_host && !own()
        })
    }
}

/// Whether two hosts have the same registrable domain.
pub(crate) fn is_same_site(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    // A registrable domain has at least two labels: if the last two differ, so do the domains.
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
