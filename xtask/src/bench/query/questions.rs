//! What is asked, each as the API takes it and as SQL by hand over the events.

/// A question in both forms.
pub(super) struct Question {
    pub(super) name: &'static str,
    /// Route of the API.
    pub(super) path: &'static str,
    /// What is sent there.
    pub(super) body: &'static str,
    /// The same by hand; `{project}` is bound.
    pub(super) sql: &'static str,
}

const fn question(name: &'static str, path: &'static str, body: &'static str, sql: &'static str) -> Question {
    Question { name, path, body, sql }
}

/// Visitors, people and paths as anybody asks for them.
pub(super) const QUESTIONS: &[Question] = &[
    question(
        "trend, 90 days",
        "/v1/stats",
        r#"{"metrics":["events","visitors"],"dimensions":["time:day"],"date_range":"90d"}"#,
        "SELECT toDate(timestamp) AS day, count() AS events, uniqExactIf(visitor, visitor != 0) AS visitors
         FROM events FINAL WHERE project_id = {project:UUID} AND env = 'live' AND bot_class = ''
         AND timestamp >= now() - INTERVAL 90 DAY GROUP BY day ORDER BY day FORMAT JSONEachRow",
    ),
    question(
        "top paths, 30 days",
        "/v1/stats",
        r#"{"metrics":["events"],"dimensions":["path"],"date_range":"30d","limit":20}"#,
        "SELECT path, count() AS events FROM events FINAL WHERE project_id = {project:UUID} AND env = 'live'
         AND bot_class = '' AND timestamp >= now() - INTERVAL 30 DAY
         GROUP BY path ORDER BY events DESC, path LIMIT 20 FORMAT JSONEachRow",
    ),
    question(
        "sources, 30 days",
        "/v1/stats",
        r#"{"metrics":["visitors","events"],"dimensions":["source","medium"],"date_range":"30d"}"#,
        "SELECT source, medium, count() AS events, uniqExactIf(visitor, visitor != 0) AS visitors
         FROM events FINAL WHERE project_id = {project:UUID} AND env = 'live' AND bot_class = ''
         AND timestamp >= now() - INTERVAL 30 DAY GROUP BY source, medium ORDER BY visitors DESC FORMAT JSONEachRow",
    ),
    question(
        "sessions, 30 days",
        "/v1/stats",
        r#"{"metrics":["sessions","session_duration"],"date_range":"30d"}"#,
        "SELECT count() AS sessions, avg(length) AS duration FROM (
         SELECT visitor, session, max(timestamp) - min(timestamp) AS length FROM (
         SELECT visitor, timestamp, sum(begins) OVER (PARTITION BY visitor ORDER BY timestamp) AS session FROM (
         SELECT visitor, timestamp, timestamp > lagInFrame(timestamp, 1, toDateTime64(0, 3)) OVER (PARTITION BY visitor
         ORDER BY timestamp ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) + INTERVAL 30 MINUTE AS begins
         FROM events FINAL WHERE project_id = {project:UUID} AND env = 'live' AND bot_class = '' AND visitor != 0
         AND timestamp >= now() - INTERVAL 30 DAY)) GROUP BY visitor, session) FORMAT JSONEachRow",
    ),
];
