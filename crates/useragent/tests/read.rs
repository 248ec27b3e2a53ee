//! What is read from signals, one sentence a test.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may fail")]

use useragent::{Agent, Signals, bot_class, is_spam_referrer, read};

fn of(user_agent: &str) -> Agent<'_> {
    read(&Signals { user_agent, ..Signals::default() })
}

/// `browser version | os version | device`
fn line(agent: &Agent<'_>) -> String {
    format!("{} {} | {} {} | {}", agent.browser, agent.browser_version, agent.os, agent.os_version, agent.device_type)
}

#[test]
fn user_agents_are_read() {
    for (user_agent, wanted) in [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36",
            "Chrome 153 | Windows 10 | desktop",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36 Edg/153.0.0.0",
            "Edge 153 | Windows 10 | desktop",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36",
            "Chrome 153 | macOS  | desktop",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1 Safari/605.1.15",
            "Safari 13 | macOS 10.15 | desktop",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox 140 | macOS 10.15 | desktop",
        ),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox 140 | Linux  | desktop",
        ),
        (
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
            "Chrome 140 | ChromeOS  | desktop",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.6.1 Mobile/15E148 Safari/604.1",
            "Safari 26 | iOS 26 | mobile",
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0.0.0 Mobile/15E148 Safari/604.1",
            "Chrome 140 | iOS 17 | tablet",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) EdgiOS/125.0 Version/17.0 Safari/605.1.15",
            "Edge 125 | iOS  | tablet",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Mobile Safari/537.36",
            "Chrome 153 | Android  | mobile",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36",
            "Chrome 153 | Android  | tablet",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
            "Samsung Internet 25 | Android 14 | mobile",
        ),
        (
            "Mozilla/5.0 (Linux; Android 13; Pixel 7; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0 Mobile Safari/537.36",
            "Android WebView 126 | Android 13 | mobile",
        ),
        (
            "Mozilla/5.0 (Linux; Android 9; AFTMM) AppleWebKit/537.36 (KHTML, like Gecko) Silk/120.1 like Chrome/120.0 Safari/537.36",
            "Amazon Silk 120 | Android 9 | tv",
        ),
        (
            "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/3.0 Chrome/76.0 TV Safari/537.36",
            "Samsung Internet 3 | Tizen 6 | tv",
        ),
        (
            "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0 Safari/537.36",
            "Chrome 94 | webOS  | tv",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/121.0 Safari/537.36 Edg/121.0",
            "Edge 121 | Xbox  | console",
        ),
        (
            "Mozilla/5.0 (PlayStation; PlayStation 5/6.00) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15",
            "Safari 15 | PlayStation 5 | console",
        ),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", "IE 11 | Windows 7 | desktop"),
        (
            "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1; Trident/4.0; Tablet PC 2.0)",
            "IE 8 | Windows 7 | desktop",
        ),
        ("Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.18", "Opera 12 | Windows 7 | desktop"),
        ("", "  |   | "),
    ] {
        assert_eq!(line(&of(user_agent)), wanted, "{user_agent}");
    }
}

#[test]
fn apps_that_show_pages_are_named() {
    let iphone =
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";
    for (tail, wanted) in [
        (" [FBAN/FBIOS;FBAV/470.0.0.30.109;FBDV/iPhone14,2;FBSN/iOS;FBSV/17.5]", "Facebook 470"),
        (" [FBAN/MessengerForiOS;FBAV/460.0.0.1;FBDV/iPhone14,2]", "Messenger 460"),
        (" Instagram 330.0.3.29.101 (iPhone14,2; iOS 17_5; en_US; scale=3.00; 1170x2532; 600)", "Instagram 330"),
        (" Barcelona 290.0.0.12 (iPhone14,2; iOS 17_5)", "Threads 290"),
        (" musical_ly_34.1.0 JsSdk/2.0 NetType/WIFI BytedanceWebview/d8a21c6", "TikTok 34"),
        (" [LinkedInApp]/9.29", "LinkedIn 9"),
        (" [Pinterest/iOS]", "Pinterest "),
        (" Snapchat/12.88.0.35 (like Safari/8618.2.12)", "Snapchat 12"),
        (" MicroMessenger/8.0.49(0x18003130) NetType/WIFI Language/zh_CN", "WeChat 8"),
        (" Safari Line/14.8.0", "Line 14"),
        (" GSA/320.0.634 Safari/604.1", "Google App 320"),
        ("", "Safari (in-app) "),
    ] {
        let user_agent = format!("{iphone}{tail}");
        assert_eq!(line(&of(&user_agent)), format!("{wanted} | iOS 17 | mobile"), "{tail}");
        assert_eq!(bot_class(&user_agent, |_| !tail.is_empty()), "", "{tail}");
    }
}

#[test]
fn hints_win_over_the_user_agent() {
    let frozen = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
    let hinted = Signals {
        user_agent: frozen,
        ch_ua: r#""Chromium";v="140", "Not=A?Brand";v="24", "Brave";v="140""#,
        ch_mobile: "?0",
        ch_platform: r#""Windows""#,
        ch_platform_version: r#""15.0.0""#,
    };
    assert_eq!(line(&read(&hinted)), "Brave 140 | Windows 11 | desktop");
    let ten = Signals { ch_platform_version: r#""10.0.0""#, ..hinted };
    assert_eq!(line(&read(&ten)), "Brave 140 | Windows 10 | desktop");
    let mac = Signals {
        user_agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
        ch_ua: r#""Google Chrome";v="140", "Chromium";v="140", "Not/A)Brand";v="8""#,
        ch_platform: r#""macOS""#,
        ch_platform_version: r#""15.6.1""#,
        ..hinted
    };
    assert_eq!(line(&read(&mac)), "Chrome 140 | macOS 15 | desktop");
    let tablet = Signals {
        user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
        ch_platform: r#""Android""#,
        ch_platform_version: r#""15""#,
        ..mac
    };
    assert_eq!(line(&read(&tablet)), "Chrome 140 | Android 15 | tablet");
    let app = Signals {
        user_agent: "Mozilla/5.0 (Linux; Android 13; Pixel 7; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0 Mobile Safari/537.36 Instagram 330.0",
        ch_ua: r#""Android WebView";v="126", "Chromium";v="126", "Not/A)Brand";v="8""#,
        ch_mobile: "?1",
        ch_platform: r#""Android""#,
        ch_platform_version: r#""13""#,
    };
    assert_eq!(line(&read(&app)), "Instagram 330 | Android 13 | mobile");
    let opera = Signals {
        user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36 OPR/121.0.0.0",
        ch_ua: r#""Opera";v="121", "Chromium";v="137", "Not/A)Brand";v="24""#,
        ch_mobile: "?0",
        ch_platform: r#""Linux""#,
        ch_platform_version: "",
    };
    assert_eq!(line(&read(&opera)), "Opera 121 | Linux  | desktop");
}

#[test]
fn hints_that_are_no_names_are_left_out() {
    for ch_ua in ["", "garbage", "\"", "\"<script>\";v=\"1\"", "\"Not A;Brand\";v=\"99\"", "\"Chromium\"", ";;;,,,"] {
        let agent = read(&Signals { ch_ua, ..Signals::default() });
        assert!(matches!(&*agent.browser, "" | "Chrome"), "{ch_ua}: {agent:?}");
    }
}

#[test]
fn bots_are_told_by_name() {
    let chrome = "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36";
    for (user_agent, class, name) in [
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
            "ai-crawler",
            "GPTBot 1",
        ),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; OAI-SearchBot/1.0; +https://openai.com/searchbot",
            "ai-crawler",
            "OAI-SearchBot 1",
        ),
        (
            "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot",
            "ai-assistant",
            "ChatGPT-User 1",
        ),
        ("Mozilla/5.0 (compatible; ClaudeBot/1.0; +claudebot@anthropic.com)", "ai-crawler", "ClaudeBot 1"),
        ("Mozilla/5.0 (compatible; Claude-User/1.0; +Claude-User@anthropic.com)", "ai-assistant", "Claude-User 1"),
        (
            "Mozilla/5.0 (compatible; Perplexity-User/1.0; +https://perplexity.ai/perplexity-user)",
            "ai-assistant",
            "Perplexity-User 1",
        ),
        (
            "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
            "ai-crawler",
            "Meta-ExternalAgent 1",
        ),
        ("meta-externalfetcher/1.1", "ai-assistant", "Meta-ExternalFetcher 1"),
        (
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "preview",
            "facebookexternalhit 1",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)",
            "search-crawler",
            "Applebot 0",
        ),
        ("Applebot-Extended/0.1", "ai-crawler", "Applebot-Extended 0"),
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0 Safari/537.36",
            "headless",
            "HeadlessChrome 130",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/130.0 Safari/537.36 (compatible; AhrefsBot/7.0)",
            "seo",
            "AhrefsBot 7",
        ),
        ("curl/8.5.0", "library", "curl 8"),
        ("python-requests/2.32.3", "library", "python-requests 2"),
        ("Go-http-client/2.0", "library", "Go-http-client 2"),
        ("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", "monitor", "UptimeRobot 2"),
    ] {
        assert_eq!(bot_class(user_agent, |_| panic!("asked about a named bot")), class, "{user_agent}");
        let agent = of(user_agent);
        assert_eq!(format!("{} {}", agent.browser, agent.browser_version), name);
        assert_eq!(agent.device_type, "bot");
    }
    let google = format!("{chrome} (compatible; Googlebot/2.1; +http://www.google.com/bot.html)");
    assert_eq!(bot_class(&google, |_| false), "search-crawler");
    assert_eq!(bot_class(chrome, |_| false), "");
    assert_eq!(bot_class("SomeNewBot/1.0", |_| true), "other");
    assert_eq!(bot_class("", |_| true), "", "nobody's");
}

#[test]
fn spam_matches_on_label_boundaries() {
    for host in ["semalt.com", "SEMALT.com", "www.semalt.com.", "a.b.semalt.com", "shop.garena.ru.com", "qiwi.xyz"] {
        assert!(is_spam_referrer(host), "{host}");
    }
    for host in ["", ".", "com", "notsemalt.com", "semalt.com.example", "semalt", "garena.ru.com", "google.com", "..."]
    {
        assert!(!is_spam_referrer(host), "{host}");
    }
}

#[test]
fn every_host_of_the_list_is_found() {
    for host in include_str!("../tables/spammers.txt").lines().filter(|line| !line.starts_with('#')) {
        assert!(is_spam_referrer(host), "{host}");
        assert!(is_spam_referrer(&format!("www.{host}")), "www.{host}");
    }
}
