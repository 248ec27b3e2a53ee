//! An address that was taken apart once, for all that is asked of it.

use std::borrow::Cow;

use crate::address::Address;

/// An address: what it says of a visit ([`crate::classify_links`]), and what of it may be stored
/// ([`crate::hygiene`]).
#[derive(Clone, Debug)]
pub struct Link<'a> {
    pub(crate) address: Address<'a>,
    pub(crate) host: Option<Cow<'a, str>>,
    /// Bytes that are looked at.
    pub(crate) length: usize,
}

impl<'a> Link<'a> {
    /// Takes an address apart; of more than 2048 bytes the rest is not looked at.
    pub fn read(text: &'a str) -> Self {
        let address = Address::split(text);
        Self { address, host: address.host(), length: text.len().min(crate::address::MAX_ADDRESS) }
    }

    /// The host: lower case, ASCII (punycode), without user info, port and trailing dot; empty where there is
    /// none. A host without a scheme (`example.com/x`) counts as one.
    pub fn host(&self) -> &str {
        self.host.as_deref().unwrap_or_default()
    }
}
