//! One visit of a person, a bot or a server: its events as a client sends them.

use intake::event::Revenue;

use super::arrivals::Opened;
use super::people::Country;
use super::site::{Page, landing_page};
use crate::random::{Random, Weighted};

/// Weight and range of pauses in milliseconds. All are shorter than the 30 minutes that end a session.
const PAUSES: &[(u64, i64, i64)] = &[
    (30, 2_000, 10_000),
    (35, 10_000, 40_000),
    (22, 40_000, 180_000),
    (10, 180_000, 600_000),
    (3, 600_000, 1_700_000),
];
const SEARCHES: &[&str] = &["export", "gdpr", "api key", "self host", "funnel", "wordpress", "price"];
const LINKS: &[&str] = &["https://github.com/", "https://status.example.com/", "https://www.linkedin.com/company/"];
const METHODS: &[&str] = &["email", "email", "google", "github"];
const ROLES: &[&str] = &["founder", "marketing", "engineer", "agency"];
const PLANS: &[(&str, i64)] = &[("starter", 9), ("starter", 9), ("team", 29), ("team", 29), ("business", 99)];
/// Price factors by currency. Others have factor 1.
const RATES: &[(&str, i64)] = &[("JPY", 150), ("INR", 85), ("SEK", 11), ("BRL", 6), ("PLN", 4)];

/// An event without an id.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// Time since the start of the visit, in milliseconds.
    pub(super) after: i64,
    pub(super) event: &'static str,
    pub(super) url: String,
    pub(super) referrer: String,
    pub(super) title: String,
    pub(super) properties: String,
    pub(super) revenue: Option<Revenue>,
}

/// Purpose of a person's visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Reads pages.
    Look,
    /// Looks at prices, and signs up if true.
    Weigh(bool),
    /// A user signs in on a new device.
    SignIn,
    /// A user buys.
    Buy,
}

/// Generates visits to one site.
pub(super) struct Visits<'a> {
    /// `https://www.seed-1.example`.
    pub(super) origin: &'a str,
    pub(super) pages: &'a Weighted<Page>,
}

impl Visits<'_> {
    /// A person's visit: a first page, further pages and events, then what the purpose adds.
    pub(super) fn person(
        &self,
        opened: Opened,
        is_campaign: bool,
        purpose: Purpose,
        country: &Country,
        random: &mut Random,
    ) -> Vec<Step> {
        let drawn = self.pages.draw(random);
        let mut page = if is_campaign {
            let path = landing_page(random);
            self.page(path).unwrap_or(drawn)
        } else {
            drawn
        };
        // A tracker sends the page's address and referrer with every event on that page.
        let mut url = format!("{}{}{}", self.origin, page.path, opened.query);
        let mut referrer = opened.referrer;
        let mut steps = vec![Step { url: url.clone(), referrer: referrer.clone(), ..view(page) }];
        let mut clock = 0;
        // Four of ten visitors leave after the first page.
        while purpose != Purpose::Look || random.chance(if steps.len() == 1 { 600 } else { 740 }) {
            if steps.len() > 1 && (steps.len() > 40 || purpose != Purpose::Look && random.chance(400)) {
                break;
            }
            clock += pause(random);
            let (event, properties) = match random.below(100) {
                0..10 => ("scroll", format!(r#"{{"percent":{}}}"#, 25 * (1 + random.below(4)))),
                10..14 => {
                    let (query, results) = (random.one_of(SEARCHES), random.below(20));
                    ("search", format!(r#"{{"query":"{query}","results":{results}}}"#))
                }
                14..18 => ("outbound_click", format!(r#"{{"href":"{}"}}"#, random.one_of(LINKS))),
                18..20 => ("video_play", format!(r#"{{"video":"tour","seconds":{}}}"#, 5 + random.below(175))),
                _ => {
                    page = self.pages.draw(random);
                    referrer = std::mem::replace(&mut url, format!("{}{}", self.origin, page.path));
                    ("pageview", String::new())
                }
            };
            let (url, referrer, title) = (url.clone(), referrer.clone(), page.title.clone());
            steps.push(Step { after: clock, url, referrer, title, ..custom(event, properties) });
        }
        self.conclude(purpose, country, clock, &mut steps, random);
        steps
    }

    /// Adds the pages and events of the visit's purpose.
    fn conclude(&self, purpose: Purpose, country: &Country, clock: i64, steps: &mut Vec<Step>, random: &mut Random) {
        let before = steps.last().map(|step| step.url.clone()).unwrap_or_default();
        let mut way = Way { origin: self.origin, url: before, referrer: String::new(), title: "", clock, steps };
        match purpose {
            Purpose::Look => {}
            Purpose::Weigh(signs_up) => {
                way.open("/pricing", "Pricing", random);
                way.add(custom("view_pricing", format!(r#"{{"currency":"{}"}}"#, country.currency)), random);
                if signs_up {
                    way.open("/signup", "Sign up", random);
                    let (method, trial) = (random.one_of(METHODS), random.chance(700));
                    way.add(custom("signup", format!(r#"{{"method":"{method}","trial":{trial}}}"#)), random);
                    let (role, size) = (random.one_of(ROLES), 1 + random.below(40));
                    way.add(custom("$identify", format!(r#"{{"role":"{role}","team_size":{size}}}"#)), random);
                }
            }
            Purpose::SignIn => {
                way.open("/signin", "Sign in", random);
                way.add(custom("$identify", String::new()), random);
            }
            Purpose::Buy => {
                way.open("/checkout", "Checkout", random);
                let bought = purchase("purchase", country, random);
                way.add(bought, random);
            }
        }
    }

    /// A bot reads pages quickly and sends no referrer.
    pub(super) fn bot(&self, random: &mut Random) -> Vec<Step> {
        let count = 1 + random.below(6);
        let mut clock = 0;
        let mut read = || {
            let page = self.pages.draw(random);
            clock += random.between(300, 4_000);
            Step { after: clock, url: format!("{}{}", self.origin, page.path), ..view(page) }
        };
        (0..count).map(|_| read()).collect()
    }

    /// The site's server reports a payment. It is not a visitor.
    pub(super) fn server(country: &Country, random: &mut Random) -> Vec<Step> {
        vec![purchase("subscription_renewed", country, random)]
    }

    fn page(&self, path: &str) -> Option<&Page> {
        self.pages.items().iter().find(|page| page.path == path)
    }
}

/// Appends pages and events to a visit.
struct Way<'a> {
    origin: &'a str,
    url: String,
    referrer: String,
    title: &'static str,
    clock: i64,
    steps: &'a mut Vec<Step>,
}

impl Way<'_> {
    fn open(&mut self, path: &str, title: &'static str, random: &mut Random) {
        self.referrer = std::mem::replace(&mut self.url, format!("{}{path}", self.origin));
        self.title = title;
        self.add(custom("pageview", String::new()), random);
    }

    fn add(&mut self, step: Step, random: &mut Random) {
        self.clock += pause(random);
        let (url, referrer, title) = (self.url.clone(), self.referrer.clone(), self.title.to_owned());
        self.steps.push(Step { after: self.clock, url, referrer, title, ..step });
    }
}

fn view(page: &Page) -> Step {
    Step { event: "pageview", title: page.title.clone(), ..Step::default() }
}

fn custom(event: &'static str, properties: String) -> Step {
    Step { event, properties, ..Step::default() }
}

fn purchase(event: &'static str, country: &Country, random: &mut Random) -> Step {
    let (plan, price) = *random.one_of(PLANS);
    let seats = 1 + i64::try_from(random.below(8)).unwrap_or_default();
    let rate = RATES.iter().find(|(currency, _)| *currency == country.currency).map_or(1, |(_, rate)| *rate);
    // Revenue is in ten-thousandths of a unit. The price ends in .99, except in yen, which have no decimals.
    let units = price * seats * rate * 10_000 - if country.currency == "JPY" { 0 } else { 100 };
    let currency = <[u8; 3]>::try_from(country.currency.as_bytes()).ok();
    Step {
        revenue: currency.map(|currency| Revenue { units, currency }),
        ..custom(event, format!(r#"{{"plan":"{plan}","seats":{seats}}}"#))
    }
}

fn pause(random: &mut Random) -> i64 {
    let mut at = random.below(PAUSES.iter().map(|(weight, ..)| weight).sum());
    for &(weight, from, to) in PAUSES {
        if at < weight {
            return random.between(from, to);
        }
        at -= weight;
    }
    1_000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Seed;
    use crate::seed::people::People;
    use crate::seed::site::pages;

    fn visit(purpose: Purpose, number: u64) -> Vec<Step> {
        let (seed, pages) = (Seed::of("visits"), pages());
        let country = People::new().visitor(&seed, 0, number).country;
        let opened = Opened { referrer: "https://www.google.com/".to_owned(), query: "?gclid=1".to_owned() };
        let visits = Visits { origin: "https://www.a.example", pages: &pages };
        visits.person(opened, true, purpose, &country, &mut seed.stream("test", [0, number]))
    }

    #[test]
    fn a_visit_begins_where_the_link_led_and_never_pauses_for_half_an_hour() {
        for (number, purpose) in
            (0..).zip([Purpose::Look, Purpose::Weigh(true), Purpose::Buy, Purpose::SignIn].repeat(50))
        {
            let steps = visit(purpose, number);
            assert!(steps[0].url.ends_with("?gclid=1") && steps[0].after == 0 && steps[0].event == "pageview");
            let moved: Vec<&Step> = steps.iter().skip(1).skip_while(|step| step.event != "pageview").collect();
            assert!(moved.iter().all(|step| !step.url.contains('?')));
            assert!(steps.iter().all(|step| step.url.starts_with("https://www.a.example/") && !step.title.is_empty()));
            assert!(steps.windows(2).all(|pair| (1..1_800_000).contains(&(pair[1].after - pair[0].after))));
            for step in &steps {
                assert!(
                    step.properties.is_empty() || serde_json::from_str::<serde_json::Value>(&step.properties).is_ok()
                );
            }
        }
    }

    #[test]
    fn a_funnel_is_walked_in_order() {
        let events = |purpose| visit(purpose, 3).iter().map(|step| step.event).collect::<Vec<_>>();
        assert!(events(Purpose::Weigh(true)).ends_with(&[
            "pageview",
            "view_pricing",
            "pageview",
            "signup",
            "$identify"
        ]));
        assert!(events(Purpose::Weigh(false)).ends_with(&["pageview", "view_pricing"]));
        assert!(events(Purpose::Buy).ends_with(&["purchase"]));
        let paid = visit(Purpose::Buy, 3).pop().unwrap().revenue.unwrap();
        assert!(paid.units > 0, "{paid:?}");
    }
}
