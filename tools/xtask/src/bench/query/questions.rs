//! The questions, each as a request to the API and as hand-written SQL over the events.

/// A question in both forms.
pub(super) struct Question {
    pub(super) name: &'static str,
    /// Route of the API.
    pub(super) path: &'static str,
    /// Body of the request.
    pub(super) body: &'static str,
    /// The same question as SQL. Parameters: `{project}`, and the period of the API's answer as `{from}` and `{to}`.
    pub(super) sql: &'static str,
}

const fn question(name: &'static str, path: &'static str, body: &'static str, sql: &'static str) -> Question {
    Question { name, path, body, sql }
}

/// Common questions about visitors, people and paths.
///
/// In the SQL, a person is the `user_id` or else the `anonymous_id` of an event: devices are not stitched. That is less
/// work than the API does, which also returns times between steps and the excluded share.
pub(super) const QUESTIONS: &[Question] = &[
    question(
        "trend, 90 days",
        "/v1/stats",
        r#"{"metrics":["events","visitors"],"dimensions":["time:day"],"date_range":"90d"}"#,
        "SELECT toDate(timestamp) AS day, count() AS events, uniqExactIf(visitor, visitor != 0) AS visitors
         FROM events FINAL WHERE project_id = {project:UUID} AND env = 'live' AND bot_class = ''
         AND timestamp >= {from:DateTime64(3, 'UTC')} AND timestamp < {to:DateTime64(3, 'UTC')} GROUP BY day ORDER BY day FORMAT JSONEachRow",
    ),
    question(
        "top paths, 30 days",
        "/v1/stats",
        r#"{"metrics":["events"],"dimensions":["path"],"date_range":"30d","limit":20}"#,
        "SELECT path, count() AS events FROM events FINAL WHERE project_id = {project:UUID} AND env = 'live'
         AND bot_class = '' AND timestamp >= {from:DateTime64(3, 'UTC')} AND timestamp < {to:DateTime64(3, 'UTC')}
         GROUP BY path ORDER BY events DESC, path LIMIT 20 FORMAT JSONEachRow",
    ),
    question(
        "sources, 30 days",
        "/v1/stats",
        r#"{"metrics":["visitors","events"],"dimensions":["source","medium"],"date_range":"30d"}"#,
        "SELECT source, medium, count() AS events, uniqExactIf(visitor, visitor != 0) AS visitors
         FROM events FINAL WHERE project_id = {project:UUID} AND env = 'live' AND bot_class = ''
         AND timestamp >= {from:DateTime64(3, 'UTC')} AND timestamp < {to:DateTime64(3, 'UTC')} GROUP BY source, medium ORDER BY visitors DESC FORMAT JSONEachRow",
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
         AND timestamp >= {from:DateTime64(3, 'UTC')} AND timestamp < {to:DateTime64(3, 'UTC')})) GROUP BY visitor, session) FORMAT JSONEachRow",
    ),
    question(
        "funnel, 30 days",
        "/v1/funnel",
        r#"{"steps":[["is","event",["pageview"]],["is","event",["signup"]],["is","event",["purchase"]]],"window":"7d","date_range":"30d"}"#,
        "SELECT level, count() AS people FROM (
         SELECT windowFunnel(604800000)(toUInt64(toUnixTimestamp64Milli(timestamp)), event = 'pageview',
         event = 'signup', event = 'purchase') AS level
         FROM events FINAL WHERE project_id = {project:UUID} AND env = 'live' AND bot_class = ''
         AND timestamp >= {from:DateTime64(3, 'UTC')} AND timestamp < {to:DateTime64(3, 'UTC')}
         AND event IN ('pageview', 'signup', 'purchase') AND (user_id != '' OR anonymous_id != '')
         GROUP BY if(user_id != '', user_id, anonymous_id)) GROUP BY level ORDER BY level FORMAT JSONEachRow",
    ),
    question(
        "retention, 8 weeks",
        "/v1/retention",
        r#"{"interval":"week","periods":8,"date_range":"56d"}"#,
        "SELECT cohort, week, count() AS people FROM (
         SELECT min(monday) AS cohort, arrayJoin(arrayMap(one -> intDiv(one - cohort, 7), groupUniqArray(monday))) AS week
         FROM (SELECT if(user_id != '', user_id, anonymous_id) AS person, toMonday(timestamp) AS monday
         FROM events FINAL WHERE project_id = {project:UUID} AND env = 'live' AND bot_class = ''
         AND timestamp >= {from:DateTime64(3, 'UTC')} AND timestamp < {to:DateTime64(3, 'UTC')} AND person != '')
         GROUP BY person) GROUP BY cohort, week ORDER BY cohort, week FORMAT JSONEachRow",
    ),
];
