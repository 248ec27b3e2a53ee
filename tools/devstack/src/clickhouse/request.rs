//! A request of ClickHouse's HTTP interface: URL parameters and headers, parsed once.

use axum::http::{HeaderMap, Method, header};

use super::error::{Error, Kind};
use super::statement;

/// Maximum time that a query may run, in seconds.
pub(super) const MAX_EXECUTION_SECONDS: f64 = 600.0;
/// Default time that a query may run, in seconds.
const DEFAULT_EXECUTION_SECONDS: f64 = 60.0;

/// A parsed request, without the part of the query in its body.
#[derive(Debug, Default)]
pub(super) struct Request {
    /// The `query` parameter.
    pub(super) query: String,
    /// `database` or `X-ClickHouse-Database`.
    pub(super) database: Option<String>,
    /// `default_format` or `X-ClickHouse-Format`.
    pub(super) default_format: Option<String>,
    /// `user` parameter.
    pub(super) user: Option<String>,
    /// `password` parameter.
    pub(super) password: Option<String>,
    /// `query_id`; generated if missing.
    pub(super) query_id: Option<String>,
    /// Query parameters, without their prefix `param_`.
    pub(super) parameters: Vec<(String, String)>,
    /// Settings in the given order. Always includes `max_execution_time`.
    pub(super) settings: Vec<(String, String)>,
    /// The method implies `readonly`.
    pub(super) readonly: bool,
    /// `wait_end_of_query`: send nothing before the query has ended.
    pub(super) wait_end: bool,
    /// The response may be gzipped.
    pub(super) gzip: bool,
}

impl Request {
    /// Parses the method, the URL's query string and the headers.
    ///
    /// # Errors
    /// Unsupported features, as ClickHouse errors.
    pub(super) fn parse(method: &Method, url_query: &str, headers: &HeaderMap) -> Result<Self, Error> {
        let header_text = |name: &str| {
            headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let mut request = Self {
            database: header_text("x-clickhouse-database"),
            default_format: header_text("x-clickhouse-format"),
            readonly: method != Method::POST,
            ..Self::default()
        };
        for (name, value) in pairs(url_query)? {
            request.take(name, value)?;
        }
        let accepts_gzip = headers
            .get(header::ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.split(',').any(|coding| coding.trim().split(';').next() == Some("gzip")));
        request.gzip = accepts_gzip && request.flag("enable_http_compression");
        request.limit_time();
        Ok(request)
    }

    fn take(&mut self, name: String, value: String) -> Result<(), Error> {
        if let Some(parameter) = name.strip_prefix("param_") {
            self.parameters.push((parameter.to_owned(), value));
            return Ok(());
        }
        match name.as_str() {
            "query" => self.query = value,
            "database" => self.database = Some(value).filter(|database| !database.is_empty()),
            "default_format" => self.default_format = Some(value).filter(|format| !format.is_empty()),
            "user" => self.user = Some(value),
            "password" => self.password = Some(value),
            "query_id" => self.query_id = Some(value).filter(|id| !id.is_empty()),
            "wait_end_of_query" => self.wait_end = value == "1" || value == "true",
            "compress" | "decompress" if !matches!(value.as_str(), "" | "0" | "false") => {
                return Err(Error::new(
                    Kind::NOT_IMPLEMENTED,
                    &format!("{name}=1, ClickHouse's own compression, is not supported here: use gzip over HTTP"),
                ));
            }
            "role" => {
                return Err(Error::new(Kind::NOT_IMPLEMENTED, "roles are not supported here: leave out role"));
            }
            // Without users in the engine there are no sessions to keep and no quotas.
            "compress"
            | "decompress"
            | "session_id"
            | "session_check"
            | "session_timeout"
            | "close_session"
            | "quota_key"
            | "buffer_size"
            | "stacktrace"
            | "client_protocol_version" => {}
            _ if statement::names_a_file(&name) => {
                return Err(statement::denied("format templates and schemas are read from files of the server"));
            }
            _ => self.settings.push((name, value)),
        }
        Ok(())
    }

    /// Whether a setting is on.
    pub(super) fn flag(&self, setting: &str) -> bool {
        self.settings.iter().any(|(name, value)| name == setting && (value == "1" || value == "true"))
    }

    /// Limits the time of every query, because a busy engine cannot be stopped from outside.
    fn limit_time(&mut self) {
        const NAME: &str = "max_execution_time";
        match self.settings.iter_mut().find(|(name, _)| name == NAME) {
            None => self.settings.push((NAME.to_owned(), DEFAULT_EXECUTION_SECONDS.to_string())),
            Some((_, value)) => {
                // Values that are not numbers are left for the engine to refuse.
                if value.parse::<f64>().is_ok_and(|seconds| seconds <= 0.0 || seconds > MAX_EXECUTION_SECONDS) {
                    *value = MAX_EXECUTION_SECONDS.to_string();
                }
            }
        }
    }
}

/// Splits and decodes `a=b&c=d`.
fn pairs(query: &str) -> Result<Vec<(String, String)>, Error> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| Error::new(Kind::BAD_ARGUMENTS, "the URL's parameters are not percent-encoded UTF-8"))
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = tail.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
                bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
                rest = &tail[2..];
            }
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url_query: &str) -> Result<Request, Error> {
        Request::parse(&Method::POST, url_query, &HeaderMap::new())
    }

    fn time(url_query: &str) -> String {
        let settings = parse(url_query).unwrap().settings;
        settings.into_iter().find(|(name, _)| name == "max_execution_time").unwrap().1
    }

    #[test]
    fn everything_that_is_not_reserved_is_a_setting() {
        let request = parse("query=SELECT+1%0A&database=d&param_x=%09&async_insert=1&session_id=s").unwrap();
        assert_eq!(request.query, "SELECT 1\n");
        assert_eq!(request.database.as_deref(), Some("d"));
        assert_eq!(request.parameters, [("x".to_owned(), "\t".to_owned())]);
        assert_eq!(request.settings[0], ("async_insert".to_owned(), "1".to_owned()));
    }

    #[test]
    fn the_time_a_query_may_run_is_always_bounded() {
        assert_eq!(time(""), "60");
        assert_eq!(time("max_execution_time=5"), "5");
        assert_eq!(time("max_execution_time=0"), "600");
        assert_eq!(time("max_execution_time=1e9"), "600");
        assert_eq!(time("max_execution_time=abc"), "abc");
    }

    #[test]
    fn only_a_post_may_write() {
        for (method, readonly) in [(Method::POST, false), (Method::GET, true), (Method::HEAD, true)] {
            assert_eq!(Request::parse(&method, "", &HeaderMap::new()).unwrap().readonly, readonly);
        }
    }

    #[test]
    fn the_native_compression_is_refused() {
        assert_eq!(parse("decompress=1").unwrap_err().code, 48);
        assert!(parse("compress=0").is_ok());
        assert_eq!(parse("a=%zz").unwrap_err().code, 36);
    }
}
