//! Where a browser's request comes from. Behind a proxy of the owner's own the network knows the proxy only; one that
//! knows `PROXY_SECRET` may say whose request it passes on, and nobody else may.

use std::net::IpAddr;

use subtle::ConstantTimeEq as _;

use super::App;
use super::inbound::{Inbound, Place};

/// A visitor's address and place. Used while a request is handled and kept nowhere.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Whereabouts {
    /// `None` where it is not known: rather none than the proxy's, which all visitors would share.
    pub(super) ip: Option<IpAddr>,
    pub(super) place: Place,
}

impl App {
    /// Where the visitor is whose browser sends this.
    pub(super) fn whereabouts(&self, request: &impl Inbound) -> Whereabouts {
        whereabouts(request, self.config.as_ref().ok().and_then(|config| config.proxy_secret.as_deref()))
    }
}

/// As a proxy tells it that knows the secret, else as the network does.
fn whereabouts(request: &impl Inbound, secret: Option<&str>) -> Whereabouts {
    let address = |name| request.header(name).and_then(|ip| ip.trim().parse().ok());
    if secret.is_some_and(|secret| is_proxy(request, secret)) {
        let country = request.header("x-headwater-country").unwrap_or_default();
        let is_code = country.len() == 2 && country.bytes().all(|letter| letter.is_ascii_uppercase());
        let country = if is_code { country.into_owned() } else { String::new() };
        return Whereabouts { ip: address("x-headwater-ip"), place: Place { country, ..Place::default() } };
    }
    Whereabouts { ip: address("cf-connecting-ip"), place: request.place() }
}

fn is_proxy(request: &impl Inbound, secret: &str) -> bool {
    let given = request.header("x-headwater-proxy").unwrap_or_default();
    given.as_bytes().ct_eq(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::inbound::Head;

    type Header = (&'static str, &'static str);
    const PROXY: Header = ("x-headwater-proxy", "s3cret");

    /// What is made of a request with these headers that the network saw come from `192.0.2.1` in Germany.
    fn told(headers: &[Header], secret: Option<&str>) -> (String, String, String) {
        let place = Place { country: "DE".into(), region: "Bavaria".into(), city: "Munich".into() };
        let headers = headers.iter().chain(&[("cf-connecting-ip", "192.0.2.1")]).copied().collect();
        let Whereabouts { ip, place } = whereabouts(&Head { headers, place }, secret);
        (ip.map(|ip| ip.to_string()).unwrap_or_default(), place.country, place.city)
    }

    fn row(ip: &str, country: &str, city: &str) -> (String, String, String) {
        (ip.to_owned(), country.to_owned(), city.to_owned())
    }

    #[test]
    fn a_proxy_that_knows_the_secret_speaks_for_its_visitor() {
        const IP: Header = ("x-headwater-ip", "2001:db8::7");
        let secret = Some("s3cret");
        assert_eq!(told(&[PROXY, IP], secret), row("2001:db8::7", "", ""));
        assert_eq!(told(&[PROXY, IP, ("x-headwater-country", "AT")], secret), row("2001:db8::7", "AT", ""));
        // The proxy's own whereabouts are nobody's.
        assert_eq!(told(&[PROXY], secret), row("", "", ""));
        assert_eq!(
            told(&[PROXY, ("x-headwater-ip", "unknown"), ("x-headwater-country", "Austria")], secret),
            row("", "", "")
        );
    }

    #[test]
    fn nobody_else_does() {
        const IP: Header = ("x-headwater-ip", "198.51.100.7");
        let network = row("192.0.2.1", "DE", "Munich");
        assert_eq!(told(&[IP, ("x-headwater-country", "AT")], Some("s3cret")), network);
        assert_eq!(told(&[IP, ("x-headwater-proxy", "other")], Some("s3cret")), network);
        assert_eq!(told(&[IP, ("x-headwater-proxy", "")], None), network);
        assert_eq!(told(&[IP, PROXY], None), network);
    }
}
