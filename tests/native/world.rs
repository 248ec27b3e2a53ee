//! What a test stands on: the stack, a clock that stands still, and a project that no other test knows.

use std::time::Duration;

use headwater::config::Config;
use headwater::store::{ClickHouse, Credentials, PostgRest};
use intake::key::Env;
use intake::time::{Day, Timestamp};
use serde_json::Value;
use statement::{Scope, Statement};
use upkeep::rollup::{self, Due, Generation, Kind, ProjectDay, SETTINGS};

/// Far more than anything takes, also on a busy machine.
pub const LIMIT: Duration = Duration::from_mins(2);

/// Addresses and secrets of the stack (`dev.json`).
pub fn stack() -> Value {
    let path = std::env::var("HEADWATER_DEV_JSON").expect("needs a running stack: use `cargo xtask test`");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The settings of the stack's Worker, some of them changed.
pub fn config(changed: &[(&str, &str)]) -> Result<Config, Vec<&'static str>> {
    let path = std::env::var("HEADWATER_DEV_JSON").unwrap().replace("dev.json", "worker.env");
    let variables = std::fs::read_to_string(path).unwrap();
    Config::read(|name| {
        if let Some((_, value)) = changed.iter().find(|(changed, _)| *changed == name) {
            return Some((*value).to_owned());
        }
        let line = variables.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(line.trim_matches('\'').replace("\\$", "$"))
    })
}

/// A user of the stack's ClickHouse: `ingest`, `read` or `maintain`.
pub fn user(name: &str) -> Credentials {
    let stack = stack();
    let text = |field: &str| stack["clickhouse_users"][name][field].as_str().unwrap().to_owned();
    Credentials { user: text("user"), password: text("password") }
}

/// The stack's ClickHouse.
pub fn clickhouse() -> ClickHouse {
    let stack = stack();
    let url = stack["clickhouse_url"].as_str().unwrap();
    let database = stack["clickhouse_database"].as_str().unwrap();
    ClickHouse::new(url, database, user("ingest"), user("read")).unwrap().maintained_by(user("maintain"))
}

/// The stack's control plane.
pub fn control_plane() -> PostgRest {
    let stack = stack();
    PostgRest::new(stack["postgrest_url"].as_str().unwrap(), stack["supabase_secret_key"].as_str().unwrap()).unwrap()
}

/// When everything happens: after all histories.
pub fn now() -> Timestamp {
    Timestamp::parse_iso("2026-11-20T15:00:00Z").unwrap()
}

/// The time of day, where a store goes by its own clock: it hands out today's day keys, and says what is due.
#[allow(clippy::disallowed_methods, reason = "the stores have one")]
pub fn wall_clock() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

/// How often something random is done; more often in the long form (`cargo xtask test --long`).
pub fn often<T>(short: T, long: T) -> T {
    if std::env::var_os("HEADWATER_LONG").is_some() { long } else { short }
}

/// The seeds of random histories: these few, or a hundred in the long form.
pub fn seeds(few: &[u64]) -> Vec<u64> {
    often(few.to_vec(), (1..=100).collect())
}

/// A project.
pub struct World {
    pub store: ClickHouse,
    pub project: String,
}

/// What [`World::clean`] finds: days and the generation to read of each.
pub type Clean = Vec<(Day, Generation)>;

impl World {
    pub fn new() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).unwrap();
        Self { store: clickhouse(), project: uuid::Uuid::from_bytes(bytes).to_string() }
    }

    pub fn scope(&self) -> Scope<'_> {
        Scope { project_id: &self.project, env: Env::Live }
    }

    pub fn day(&self, day: Day) -> ProjectDay {
        ProjectDay { project_id: self.project.clone(), env: Env::Live, day }
    }

    /// Runs a statement of the module; the answer as it came.
    pub async fn run(&self, statement: Statement) -> Vec<u8> {
        let Statement { sql, parameters } = statement;
        let answer = self.store.execute(sql.clone(), &parameters, SETTINGS, LIMIT).await;
        answer.unwrap_or_else(|error| panic!("{error:?}\n{sql}"))
    }

    /// Asks in plain SQL, with `{project:UUID}` bound; the rows.
    pub async fn ask(&self, sql: &str, more: &[(&str, &str)]) -> Vec<Value> {
        let mut parameters: Vec<(String, String)> =
            more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        parameters.push(("project".into(), self.project.clone()));
        let sql = format!("{sql} FORMAT JSONEachRow");
        let answer = self.run(Statement { sql, parameters }).await;
        str::from_utf8(&answer).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Executes plain SQL, with `{project:UUID}` bound.
    pub async fn execute(&self, sql: &str) {
        let parameters = vec![("project".into(), self.project.clone())];
        self.run(Statement { sql: sql.to_owned(), parameters }).await;
    }

    /// Inserts rows; `fields` of each go on top of what a row must have.
    pub async fn insert(&self, rows: &[Value]) {
        let mut lines = Vec::new();
        for row in rows {
            let mut line = serde_json::json!({
                "project_id": self.project, "env": "live", "event": "pageview", "confidence": "high",
                "received_at": row["timestamp"],
            });
            line.as_object_mut().unwrap().extend(row.as_object().unwrap().clone());
            lines.extend(format!("{line}\n").into_bytes());
        }
        self.store.insert("events", lines, LIMIT).await.unwrap();
    }

    /// The store's clock, a moment after whatever was marked before.
    pub async fn clock(&self) -> Timestamp {
        tokio::time::sleep(Duration::from_millis(3)).await;
        rollup::clock_time(&self.run(rollup::clock()).await).unwrap()
    }

    /// The project's days that are due, as if no insert took any time.
    pub async fn due(&self, kind: Kind) -> Vec<Due> {
        let clock = self.clock().await;
        let answer = self.run(rollup::due(kind, clock, clock.day(), 1, 1_000_000)).await;
        let mut due = rollup::due_rows(&answer).unwrap();
        due.retain(|due| due.day.project_id == self.project);
        due
    }

    /// Computes days, as if no insert took any time.
    pub async fn compute(&self, kind: Kind, days: &[Day]) {
        let clock = self.clock().await;
        for statement in self.statements(kind, days, clock) {
            self.run(statement).await;
        }
    }

    pub fn statements(&self, kind: Kind, days: &[Day], clock: Timestamp) -> [Statement; 2] {
        let days: Vec<ProjectDay> = days.iter().map(|day| self.day(*day)).collect();
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        rollup::recompute(kind, &days, Generation::new(clock, u64::from_le_bytes(random)), clock)
    }

    /// Computes all that is due.
    pub async fn compute_due(&self, kind: Kind) {
        let days: Vec<Day> = self.due(kind).await.into_iter().map(|due| due.day.day).collect();
        if !days.is_empty() {
            self.compute(kind, &days).await;
        }
    }

    /// The days that may be read instead of their events.
    pub async fn clean(&self, kind: Kind) -> Clean {
        let answer = self.run(rollup::clean_days(kind, &self.scope(), Day(0), Day(40_000))).await;
        rollup::clean_rows(&answer).unwrap()
    }

    pub async fn clean_days(&self, kind: Kind) -> Vec<Day> {
        self.clean(kind).await.into_iter().map(|(day, _)| day).collect()
    }

    /// Asks one of the tables for the rows that may be read: `{read}` in the SQL stands for the condition.
    pub async fn read(&self, kind: Kind, sql: &str, more: &[(&str, &str)]) -> Vec<Value> {
        let clean = self.clean(kind).await;
        let days: Vec<String> = clean.iter().map(|(day, _)| format!("'{}'", day.to_iso())).collect();
        let generations: Vec<String> = clean.iter().map(|(_, generation)| generation.0.to_string()).collect();
        let (days, generations) = (format!("[{}]", days.join(",")), format!("[{}]", generations.join(",")));
        let mut values = more.to_vec();
        values.extend([("days", days.as_str()), ("generations", generations.as_str())]);
        let condition = "project_id = {project:UUID} AND env = 'live' AND (day, generation) IN \
            (SELECT arrayJoin(arrayZip({days:Array(Date)}, {generations:Array(UInt64)})))";
        self.ask(&sql.replace("{read}", condition), &values).await
    }
}

/// A number that came quoted or not.
pub fn number(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_else(|| panic!("{value} is no number"))
}

pub fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}
