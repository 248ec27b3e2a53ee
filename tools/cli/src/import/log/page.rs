//! Which requests are page views.

use std::borrow::Cow;

use super::{Broken, Record};

/// Why a line is not a page view. If several reasons apply, the first in this order counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LeftOut {
    /// An empty line.
    Empty,
    /// A line that cannot be parsed.
    Broken,
    /// A status other than 2xx and 3xx: its first digit.
    Status(u16),
    /// A method other than GET.
    Method,
    /// A target that is not a path: a proxy's `http://…`, `*`.
    Target,
    /// Parts of pages: styles, scripts, images, fonts; and files for robots.
    Asset,
    /// A file that is not a page: archives, documents, audio, video, feeds.
    Download,
}

impl LeftOut {
    /// Its name in the summary.
    pub(crate) fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Empty => "empty",
            Self::Broken => "broken",
            Self::Status(hundreds) => return format!("status_{hundreds}xx").into(),
            Self::Method => "method",
            Self::Target => "target",
            Self::Asset => "asset",
            Self::Download => "download",
        })
    }
}

/// A page request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page<'a> {
    /// Path and query as requested; begins with `/`.
    pub(crate) target: &'a [u8],
}

/// Extensions of what a page loads, mostly from Matomo's importer (`STATIC_EXTENSIONS`), with newer formats added.
const ASSETS: [&str; 30] = [
    "apng",
    "avif",
    "bmp",
    "class",
    "css",
    "cur",
    "eot",
    "gif",
    "ico",
    "jpeg",
    "jpg",
    "js",
    "json",
    "map",
    "mjs",
    "otf",
    "png",
    "svg",
    "svgz",
    "swf",
    "tif",
    "tiff",
    "ttf",
    "wasm",
    "webmanifest",
    "webp",
    "woff",
    "woff2",
    "xml",
    "xsl",
];

/// Extensions of downloads, mostly from Matomo's importer (`DOWNLOAD_EXTENSIONS`).
const DOWNLOADS: [&str; 84] = [
    "7z", "aac", "apk", "appimage", "arc", "arj", "asc", "asf", "asx", "atom", "avi", "azw3", "bin", "bz2", "csv",
    "deb", "dmg", "doc", "docx", "epub", "exe", "flac", "flv", "gem", "gz", "gzip", "hqx", "ibooks", "ics", "img",
    "iso", "jar", "m4a", "m4v", "md5", "mkv", "mobi", "mov", "movie", "mp2", "mp3", "mp4", "mpeg", "mpg", "msi", "msp",
    "odb", "odf", "odg", "odp", "ods", "odt", "ogg", "ogv", "opus", "pdf", "ppt", "pptx", "qt", "qtm", "ra", "ram",
    "rar", "rdf", "rpm", "rss", "rtf", "sea", "sig", "sit", "tar", "tbz", "tgz", "torrent", "txt", "wav", "webm",
    "wma", "wmv", "wpd", "xls", "xlsx", "xz", "zip",
];

/// Text files that only robots request.
const FOR_ROBOTS: [&str; 6] = ["/robots.txt", "/ads.txt", "/app-ads.txt", "/humans.txt", "/llms.txt", "/security.txt"];

impl<'a> Page<'a> {
    /// The page that a line requested.
    pub(crate) fn of(record: &'a Record<'_>) -> Result<Self, LeftOut> {
        let hundreds = record.status / 100;
        if !(2..=3).contains(&hundreds) {
            return Err(LeftOut::Status(hundreds));
        }
        let (method, target) = request(&record.request).map_err(|_| LeftOut::Broken)?;
        if method != b"GET" {
            return Err(LeftOut::Method);
        }
        if !target.starts_with(b"/") {
            return Err(LeftOut::Target);
        }
        match kind(target) {
            Some(reason) => Err(reason),
            None => Ok(Self { target }),
        }
    }
}

/// A line with a successful status but without a valid request.
pub(crate) const NO_REQUEST: Broken = Broken("not an HTTP request");

/// Method and target. The target may contain spaces: servers log what was sent.
fn request(line: &[u8]) -> Result<(&[u8], &[u8]), Broken> {
    let space = line.iter().position(|byte| *byte == b' ').ok_or(NO_REQUEST)?;
    let (method, rest) = line.split_at_checked(space).ok_or(NO_REQUEST)?;
    let rest = rest.trim_ascii();
    // HTTP/0.9 names no version.
    let target = match rest.iter().rposition(|byte| *byte == b' ') {
        Some(last) if rest.get(last + 1..).is_some_and(|word| word.starts_with(b"HTTP/")) => rest.get(..last),
        _ => Some(rest),
    };
    match target.map(<[u8]>::trim_ascii) {
        Some(target) if !target.is_empty() && !method.is_empty() && method.iter().all(u8::is_ascii_alphabetic) => {
            Ok((method, target))
        }
        _ => Err(NO_REQUEST),
    }
}

/// Whether a target is part of a page: its referrer is then a page of the same site.
pub(crate) fn is_asset(record: &Record<'_>) -> bool {
    request(&record.request).is_ok_and(|(_, target)| kind(target) == Some(LeftOut::Asset))
}

fn kind(target: &[u8]) -> Option<LeftOut> {
    let end = target.iter().position(|byte| b"?#;".contains(byte)).unwrap_or(target.len());
    let path = target.get(..end)?;
    if path.starts_with(b"/.well-known/") || FOR_ROBOTS.iter().any(|file| path == file.as_bytes()) {
        return Some(LeftOut::Asset);
    }
    let file = path.rsplit(|byte| *byte == b'/').next()?;
    let dot = file.iter().rposition(|byte| *byte == b'.')?;
    let extension = file.get(dot + 1..)?;
    let among = |list: &[&str]| list.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(extension));
    if among(&ASSETS) {
        Some(LeftOut::Asset)
    } else if among(&DOWNLOADS) {
        Some(LeftOut::Download)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(request: &str, status: u16) -> Result<String, LeftOut> {
        let record = Record {
            vhost: None,
            ip: None,
            time: 0,
            request: request.as_bytes().into(),
            status,
            referrer: Cow::default(),
            user_agent: Cow::default(),
        };
        Page::of(&record).map(|page| String::from_utf8_lossy(page.target).into_owned())
    }

    #[test]
    fn pages_are_what_people_read() {
        for target in [
            "/",
            "/blog",
            "/blog/tags/c++",
            "/a.html?x=y.png",
            "/index.php;jsessionid=1.js",
            "/v1.2",
            "/a b/c",
            "/.hidden",
            "/feed?flav=rss20",
            "/ends.",
            "/png",
        ] {
            assert_eq!(judged(&format!("GET {target} HTTP/1.1"), 200).as_deref(), Ok(target));
        }
        assert_eq!(judged("GET /old", 200).as_deref(), Ok("/old"), "HTTP/0.9");
        assert_eq!(judged("GET / HTTP/1.1", 304).as_deref(), Ok("/"));
    }

    #[test]
    fn the_rest_is_left_out_by_reason() {
        for (request, status, reason) in [
            ("GET / HTTP/1.1", 404, LeftOut::Status(4)),
            ("-", 408, LeftOut::Status(4)),
            ("GET /a.png HTTP/1.1", 500, LeftOut::Status(5)),
            ("GET / HTTP/1.1", 101, LeftOut::Status(1)),
            ("HEAD / HTTP/1.1", 200, LeftOut::Method),
            ("POST /a.png HTTP/1.1", 200, LeftOut::Method),
            ("-", 200, LeftOut::Broken),
            ("GET", 200, LeftOut::Broken),
            ("GET  HTTP/1.1", 200, LeftOut::Target),
            ("\u{16}\u{3} x", 200, LeftOut::Broken),
            ("GET http://proxy.test/ HTTP/1.1", 200, LeftOut::Target),
            ("GET /style.CSS?v=2 HTTP/1.1", 200, LeftOut::Asset),
            ("GET /favicon.ico HTTP/1.1", 200, LeftOut::Asset),
            ("GET /robots.txt HTTP/1.1", 200, LeftOut::Asset),
            ("GET /.well-known/security.txt HTTP/1.1", 200, LeftOut::Asset),
            ("GET /sitemap.xml HTTP/1.1", 200, LeftOut::Asset),
            ("GET /paper.pdf HTTP/1.1", 206, LeftOut::Download),
            ("GET /x/a.tar.gz HTTP/1.1", 200, LeftOut::Download),
        ] {
            assert_eq!(judged(request, status), Err(reason), "{request} {status}");
        }
    }

    #[test]
    fn names_are_those_of_the_summary() {
        assert_eq!(LeftOut::Status(4).name(), "status_4xx");
        assert_eq!(LeftOut::Asset.name(), "asset");
    }
}
