//! The conditions of the rules in `rules.rs`, in the same order.

use std::borrow::Cow;

use crate::brands::{Brand, Kind};
use crate::signals::Signals;
use crate::suffix::registrable_domain;
use crate::tagged::Tagged;

/// The result of a rule.
pub(crate) struct Verdict<'a> {
    pub(crate) source: Cow<'a, str>,
    pub(crate) medium: Cow<'a, str>,
    /// GA4's category of the source.
    pub(crate) kind: Option<Kind>,
    /// Name of the click id that decided, if one did.
    pub(crate) click_id: Option<&'static str>,
}

impl Verdict<'_> {
    pub(crate) fn nothing() -> Self {
        unknown("unknown")
    }
}

fn known<'a>(brand: Brand, medium: impl Into<Cow<'a, str>>) -> Verdict<'a> {
    let source = Cow::Borrowed(brand.source);
    Verdict { source, medium: medium.into(), kind: Some(brand.kind), click_id: None }
}

fn tagged<'a>(tagged: &Tagged<'a>, medium: impl Into<Cow<'a, str>>) -> Verdict<'a> {
    let kind = tagged.brand.map(|brand| brand.kind);
    Verdict { source: tagged.source.clone(), medium: medium.into(), kind, click_id: None }
}

pub(crate) fn direct<'a>() -> Verdict<'a> {
    known(Brand { source: "direct", kind: Kind::Direct }, "direct")
}

pub(crate) fn paid_click_id<'a>(signals: &Signals<'_, 'a>) -> Option<Verdict<'a>> {
    let id = signals.click_ids().find(|id| id.kind == Kind::Paid && !signals.contradicts(id))?;
    let of_referrer = signals.referrer_brand().is_some_and(|brand| brand.kind != Kind::Site);
    let brand = signals.family_member(id, of_referrer && id.contradicted_by_referrer);
    Some(Verdict { click_id: Some(id.name), ..known(brand, "paid") })
}

pub(crate) fn meta_paid_click_id<'a>(signals: &Signals<'_, 'a>) -> Option<Verdict<'a>> {
    let id = signals.click_ids().find(|id| id.name == "fbclid")?;
    let brand = signals.page.tagged.as_ref()?.brand?;
    let paid = signals.page.medium.is_empty() || signals.is_paid_medium();
    (paid && matches!(brand.source, "facebook" | "instagram" | "meta"))
        .then(|| Verdict { click_id: Some(id.name), ..known(brand, "paid") })
}

pub(crate) fn paid_medium<'a>(signals: &Signals<'_, 'a>) -> Option<Verdict<'a>> {
    let source = signals.page.tagged.as_ref()?;
    signals.is_paid_medium().then(|| tagged(source, "paid"))
}

pub(crate) fn paid_medium_click_id<'a>(signals: &Signals<'_, 'a>) -> Option<Verdict<'a>> {
    if !signals.is_paid_medium() {
        return None;
    }
    let id = signals.click_ids().find(|id| !signals.contradicts(id))?;
    let brand = signals.family_member(id, true);
    Some(Verdict { click_id: Some(id.name), ..known(brand, "paid") })
}

pub(crate) fn paid_medium_unknown<'a>(signals: &Signals<'_, 'a>) -> Option<Verdict<'a>> {
    signals.is_paid_medium().then(|| unknown("paid"))
}

pub(crate) fn click_id<'a>(signals: &Signals<'_, 'a>) -> Option<Verdict<'a>> {
    let referrer = signals.referrer;
    let elsewhere = referrer.host.is_some() && !signals.is_internal && referrer.brand.is_none();
    if signals.page.tagged.is_some() || !signals.page.medium.is_empty() || elsewhere {
        return None;
    }
    let id = signals.click_ids().find(|id| id.kind != Kind::Paid && !signals.contradicts(id))?;
    // The referrer of a mail's link is the reader's webmail; the source is the system that sent the mail.
    let brand = signals.family_member(id, id.kind != Kind::Email);
    Some(Verdict { click_id: Some(id.name), ..known(brand, id.medium()) })
}

pub(crate) fn utm_source<'a>(signals: &Signals<'_, 'a>) -> Option<Verdict<'a>> {
    let source = signals.page.tagged.as_ref()?;
    Some(if signals.page.medium.is_empty() {
        tagged(source, source.default_medium())
    } else {
        tagged(source, signals.page.medium.clone())
    })
}

pub(crate) fn utm_medium<'a>(signals: &Signals<'_, 'a>) -> Option<Verdict<'a>> {
    if signals.page.medium.is_empty() {
        return None;
    }
    let medium = signals.page.medium.clone();
    if let Some(hint) = signals.hint() {
        return Some(tagged(&hint, medium));
    }
    if let Some(id) = signals.click_ids().find(|id| !signals.contradicts(id)) {
        let brand = signals.family_member(id, true);
        return Some(Verdict { click_id: Some(id.name), ..known(brand, medium) });
    }
    Some(match signals.referrer_source() {
        Some(source) => {
            let kind = signals.referrer_brand().map(|brand| brand.kind);
            Verdict { source, medium, kind, click_id: None }
        }
        None => unknown(medium),
    })
}

pub(crate) fn ref_parameter<'a>(signals: &Signals<'_, 'a>) -> Option<Verdict<'a>> {
    if signals.is_internal {
        return None;
    }
    let hint = signals.hint()?;
    let medium = hint.brand.map_or("referral", |brand| brand.kind.medium());
    Some(tagged(&hint, medium))
}

pub(crate) fn internal<'a>(signals: &Signals<'_, 'a>) -> Option<Verdict<'a>> {
    signals.is_internal.then_some(Verdict {
        source: Cow::Borrowed("internal"),
        medium: Cow::Borrowed("direct"),
        kind: None,
        click_id: None,
    })
}

pub(crate) fn referrer_of<'a>(signals: &Signals<'_, 'a>, kind: Kind) -> Option<Verdict<'a>> {
    let brand = signals.referrer_brand().filter(|brand| brand.kind == kind)?;
    Some(known(brand, kind.medium()))
}

pub(crate) fn referrer_webmail<'a>(signals: &Signals<'_, 'a>) -> Option<Verdict<'a>> {
    if signals.referrer.is_app || !is_webmail(signals.referrer.host()) {
        return None;
    }
    let source = signals.referrer_source()?;
    Some(Verdict { source, medium: "email".into(), kind: Some(Kind::Email), click_id: None })
}

/// Whether a host is a webmail server by its labels: it has a label `mail`, `webmail` or `email` before its registrable
/// domain (`webmail.provider.net`) and does not imitate another host (`mail.google.com.evil.net`).
fn is_webmail(host: &str) -> bool {
    let Some(registered) = registrable_domain(host) else { return false };
    let Some(before) = host.strip_suffix(registered) else { return false };
    let mut labels = before.split('.').filter(|label| !label.is_empty());
    let mail = |label: &str| matches!(label, "mail" | "webmail" | "email");
    labels.clone().any(mail) && !labels.any(|label| matches!(label, "com" | "net" | "org" | "co"))
}

pub(crate) fn referrer<'a>(signals: &Signals<'_, 'a>) -> Option<Verdict<'a>> {
    let source = signals.referrer_source()?;
    Some(Verdict { source, medium: "referral".into(), kind: None, click_id: None })
}

pub(crate) fn ref_word<'a>(signals: &Signals<'_, 'a>) -> Option<Verdict<'a>> {
    let word = signals.page.query.hints.iter().find(|hint| is_word(hint))?;
    Some(tagged(&Tagged::read(word)?, "referral"))
}

/// Whether a text could be the name of a source: it has a letter and is not a number, a path or a sentence.
fn is_word(text: &str) -> bool {
    text.len() <= 64
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_. +".contains(&byte))
}

fn unknown<'a>(medium: impl Into<Cow<'a, str>>) -> Verdict<'a> {
    Verdict { source: "unknown".into(), medium: medium.into(), kind: None, click_id: None }
}
