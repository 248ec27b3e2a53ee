//! User agents of visits: browsers with realistic shares, and bots.

use intake::ingest::Sender;

use crate::random::Weighted;

/// A user agent and its client hints.
#[derive(Debug, Clone, Copy)]
pub(super) struct Browser {
    user_agent: &'static str,
    ch_ua: &'static str,
    ch_mobile: &'static str,
    ch_platform: &'static str,
}

impl Browser {
    /// Sets the headers of a sender.
    pub(super) fn sign(&self, sender: &mut Sender<'_>) {
        sender.signals.user_agent = self.user_agent;
        sender.signals.ch_ua = self.ch_ua;
        sender.signals.ch_mobile = self.ch_mobile;
        sender.signals.ch_platform = self.ch_platform;
    }
}

const CHROME: &str = r#""Chromium";v="153", "Google Chrome";v="153", "Not=A?Brand";v="24""#;
const CHROME_BEFORE: &str = r#""Chromium";v="152", "Google Chrome";v="152", "Not=A?Brand";v="24""#;
const EDGE: &str = r#""Chromium";v="153", "Microsoft Edge";v="153", "Not=A?Brand";v="24""#;
const SAMSUNG: &str = r#""Chromium";v="130", "Samsung Internet";v="28.0", "Not=A?Brand";v="24""#;

/// Weight, user agent, `Sec-CH-UA`, `Sec-CH-UA-Mobile`, `Sec-CH-UA-Platform`.
#[rustfmt::skip]
const BROWSERS: &[(u64, &str, &str, &str, &str)] = &[
    (210, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36", CHROME, "?0", "\"Windows\""),
    (45, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/152.0.0.0 Safari/537.36", CHROME_BEFORE, "?0", "\"Windows\""),
    (70, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36 Edg/153.0.0.0", EDGE, "?0", "\"Windows\""),
    (95, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36", CHROME, "?0", "\"macOS\""),
    (70, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15", "", "", ""),
    (12, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1 Safari/605.1.15", "", "", ""),
    (25, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", "", "", ""),
    (14, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0", "", "", ""),
    (18, "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "", "", ""),
    (16, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36", CHROME, "?0", "\"Linux\""),
    (8, "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/152.0.0.0 Safari/537.36", CHROME_BEFORE, "?0", "\"Chrome OS\""),
    (9, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 OPR/127.0.0.0", "", "", ""),
    (130, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1", "", "", ""),
    (40, "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", "", "", ""),
    (12, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/153.0.0.0 Mobile/15E148 Safari/604.1", "", "", ""),
    (10, "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1", "", "", ""),
    (110, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Mobile Safari/537.36", CHROME, "?1", "\"Android\""),
    (22, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", SAMSUNG, "?1", "\"Android\""),
    (8, "Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", "", "", ""),
    (9, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36", CHROME, "?0", "\"Android\""),
    (14, "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 330.0.0.0", "", "", ""),
    (9, "Mozilla/5.0 (Linux; Android 13; Pixel 7; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0 Mobile Safari/537.36", "", "", ""),
    (2, "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/3.0 Chrome/76.0 TV Safari/537.36", "", "", ""),
    (1, "Mozilla/5.0 (PlayStation; PlayStation 5/6.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15", "", "", ""),
];

/// All of them are in the lexicon of bots, so isbot's pattern, which only the Worker's host runs, is not needed.
#[rustfmt::skip]
const BOTS: &[(u64, &str)] = &[
    (30, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    (14, "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    (6, "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)"),
    (18, "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)"),
    (12, "Mozilla/5.0 (compatible; ClaudeBot/1.0; +claudebot@anthropic.com)"),
    (6, "Mozilla/5.0 (compatible; PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)"),
    (10, "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot"),
    (4, "Mozilla/5.0 (compatible; Claude-User/1.0; +Claude-User@anthropic.com)"),
    (5, "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
    (4, "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
    (10, "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)"),
    (12, "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)"),
    (8, "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)"),
    (3, "Feedly/1.0 (+http://www.feedly.com/fetcher.html; 12 subscribers)"),
    (6, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0.0.0 Safari/537.36"),
    (7, "python-requests/2.32.3"),
    (4, "curl/8.9.1"),
];

/// Browsers of people.
pub(super) fn browsers() -> Weighted<Browser> {
    Weighted::new(BROWSERS.iter().map(|&(weight, user_agent, ch_ua, ch_mobile, ch_platform)| {
        (weight, Browser { user_agent, ch_ua, ch_mobile, ch_platform })
    }))
}

/// Crawlers, AI assistants, monitors and HTTP libraries.
pub(super) fn bots() -> Weighted<Browser> {
    let bot = |user_agent| Browser { user_agent, ch_ua: "", ch_mobile: "", ch_platform: "" };
    Weighted::new(BOTS.iter().map(|&(weight, user_agent)| (weight, bot(user_agent))))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn read(browser: &Browser) -> (String, &'static str) {
        let mut sender = Sender::default();
        browser.sign(&mut sender);
        let class = useragent::bot_class(browser.user_agent, |_| false);
        (useragent::read(&sender.signals).browser.into_owned(), class)
    }

    #[test]
    fn bots_are_known_by_name_and_people_are_no_bots() {
        let bots = bots();
        let classes: BTreeSet<&str> = bots.items().iter().map(|bot| read(bot).1).collect();
        assert!(!classes.contains(""));
        assert!(classes.len() >= 8, "{classes:?}");
        assert!(browsers().items().iter().all(|browser| read(browser).1.is_empty()));
    }

    #[test]
    fn every_browser_has_a_name() {
        let names: BTreeSet<String> = browsers().items().iter().map(|browser| read(browser).0).collect();
        assert!(!names.contains("") && names.len() >= 8, "{names:?}");
    }
}
