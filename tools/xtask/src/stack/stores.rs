//! ClickHouse, PostgreSQL and PostgREST: local servers, or servers that the user names.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::dev_file::{Stores, User, Users};
use crate::port::Wanted;
use crate::process::Supervised;
use crate::secrets::Secrets;
use crate::setup::Tools;
use crate::state::State;
use crate::step::step;

use super::Options;

/// Start limit. Recovery after a crash takes longest.
const START: Duration = Duration::from_secs(90);

/// An existing ClickHouse server.
#[derive(Debug, Clone, Default, clap::Args)]
#[expect(clippy::struct_field_names, reason = "they are the names of the options")]
pub(crate) struct OwnClickHouse {
    /// Use this ClickHouse server instead of the local one.
    #[arg(long, value_name = "URL", env = "HEADWATER_CLICKHOUSE_URL", requires = "clickhouse_user")]
    pub(crate) clickhouse_url: Option<String>,
    /// ClickHouse user for inserts, questions and migrations.
    #[arg(long, value_name = "NAME", env = "HEADWATER_CLICKHOUSE_USER")]
    clickhouse_user: Option<String>,
    /// Password of the ClickHouse user.
    #[arg(long, value_name = "PASSWORD", env = "HEADWATER_CLICKHOUSE_PASSWORD", hide_env_values = true)]
    clickhouse_password: Option<String>,
    /// ClickHouse database, local or not.
    #[arg(long, value_name = "NAME")]
    clickhouse_database: Option<String>,
}

/// An existing Supabase project or PostgREST.
#[derive(Debug, Clone, Default, clap::Args)]
#[expect(clippy::struct_field_names, reason = "they are the names of the options")]
pub(crate) struct OwnSupabase {
    /// Use this Supabase project instead of the local PostgreSQL and PostgREST.
    #[arg(
        long,
        value_name = "URL",
        env = "HEADWATER_SUPABASE_URL",
        requires_all = ["supabase_secret_key", "supabase_jwt_secret", "supabase_db_url"]
    )]
    pub(crate) supabase_url: Option<String>,
    /// Secret API key of the Supabase project (`sb_secret_…`).
    #[arg(long, value_name = "KEY", env = "HEADWATER_SUPABASE_SECRET_KEY", hide_env_values = true)]
    supabase_secret_key: Option<String>,
    /// JWT secret of the Supabase project.
    #[arg(long, value_name = "SECRET", env = "HEADWATER_SUPABASE_JWT_SECRET", hide_env_values = true)]
    supabase_jwt_secret: Option<String>,
    /// PostgreSQL URL of the Supabase project, for migrations.
    #[arg(long, value_name = "URL", env = "HEADWATER_SUPABASE_DB_URL", hide_env_values = true)]
    pub(crate) supabase_db_url: Option<String>,
}

/// The two databases, ready for use.
pub(super) struct Databases {
    pub(super) clickhouse_url: String,
    pub(super) clickhouse_database: String,
    pub(super) clickhouse_users: Users,
    pub(super) postgres_url: Option<String>,
}

/// Starts both databases in parallel and waits for them.
pub(super) fn start_databases(
    children: &mut Vec<Supervised>,
    state: &State,
    tools: &Tools,
    options: &Options,
    secrets: &Secrets,
) -> Result<Databases> {
    let own = &options.clickhouse;
    let database = own.clickhouse_database.clone().unwrap_or_else(|| "headwater".to_owned());
    let users = own.clickhouse_user.as_ref().map_or_else(
        || local_users(secrets),
        |user| {
            let one = User { user: user.clone(), password: own.clickhouse_password.clone().unwrap_or_default() };
            Users { ingest: one.clone(), read: one.clone(), maintain: one }
        },
    );
    let local_clickhouse = match own.clickhouse_url {
        None => Some(spawn_clickhouse(children, state, tools, options, &database, &users)?),
        Some(_) => None,
    };
    let local_postgres = match options.supabase.supabase_url {
        None => Some(spawn_postgres(children, state, tools, options, secrets)?),
        Some(_) => None,
    };
    let clickhouse_url = match (local_clickhouse, &own.clickhouse_url) {
        (Some(index), _) => wait(children, index, "ClickHouse")?,
        (None, url) => url.clone().unwrap_or_default().trim_end_matches('/').to_owned(),
    };
    let postgres_url = match local_postgres {
        Some(index) => {
            let url = wait(children, index, "PostgreSQL")?;
            Some(url.replacen("postgres@", &format!("postgres:{}@", secrets.postgres), 1))
        }
        None => options.supabase.supabase_db_url.clone(),
    };
    Ok(Databases { clickhouse_url, clickhouse_database: database, clickhouse_users: users, postgres_url })
}

impl Databases {
    /// Starts PostgREST. Must run after the migrations, which may create roles that it needs.
    pub(super) fn with_postgrest(
        self,
        children: &mut Vec<Supervised>,
        state: &State,
        tools: &Tools,
        options: &Options,
        secrets: &Secrets,
    ) -> Result<Stores> {
        let own = &options.supabase;
        let postgres_url = self.postgres_url.unwrap_or_default();
        let rest_url = if let Some(url) = &own.supabase_url {
            url.trim_end_matches('/').to_owned()
        } else {
            let index = spawn_postgrest(children, state, tools, options, secrets, &postgres_url)?;
            wait(children, index, "PostgREST")?
        };
        Ok(Stores {
            clickhouse_url: self.clickhouse_url,
            clickhouse_database: self.clickhouse_database,
            clickhouse_users: self.clickhouse_users,
            postgrest_url: rest_url,
            postgres_url,
            supabase_secret_key: own.supabase_secret_key.clone().unwrap_or_else(|| secrets.supabase_secret_key.clone()),
            supabase_publishable_key: secrets.supabase_publishable_key.clone(),
            supabase_jwt_secret: own.supabase_jwt_secret.clone().unwrap_or_else(|| secrets.supabase_jwt_secret.clone()),
        })
    }
}

fn local_users(secrets: &Secrets) -> Users {
    let user = |name: &str, password: &str| User { user: name.to_owned(), password: password.to_owned() };
    Users {
        ingest: user("ingest", &secrets.clickhouse_ingest),
        read: user("read", &secrets.clickhouse_read),
        maintain: user("maintain", &secrets.clickhouse_maintain),
    }
}

fn spawn_clickhouse(
    children: &mut Vec<Supervised>,
    state: &State,
    tools: &Tools,
    options: &Options,
    database: &str,
    users: &Users,
) -> Result<usize> {
    let port = Wanted { who: "ClickHouse", port: options.clickhouse_port, flag: "--clickhouse-port" }.claim()?;
    let engine = tools.engine.as_ref().context("the ClickHouse engine was not set up")?;
    let list: Vec<String> = [&users.ingest, &users.read, &users.maintain]
        .iter()
        .map(|user| format!("{}:{}", user.user, user.password))
        .collect();
    let mut command = devstack(tools, "clickhouse", port)?;
    command
        .arg("--data")
        .arg(data(state, "clickhouse")?)
        .arg("--lib")
        .arg(engine)
        .args(["--database", database])
        .env("DEVSTACK_CLICKHOUSE_USERS", list.join(","));
    spawn(children, "clickhouse", command, state)
}

fn spawn_postgres(
    children: &mut Vec<Supervised>,
    state: &State,
    tools: &Tools,
    options: &Options,
    secrets: &Secrets,
) -> Result<usize> {
    let port = Wanted { who: "PostgreSQL", port: options.postgres_port, flag: "--postgres-port" }.claim()?;
    let programs = tools.postgres.as_ref().context("PostgreSQL was not set up")?;
    let mut command = devstack(tools, "postgres", port)?;
    command
        .arg("--data")
        .arg(data(state, "postgres")?)
        .arg("--bin")
        .arg(programs)
        .env("DEVSTACK_POSTGRES_PASSWORD", &secrets.postgres);
    spawn(children, "postgres", command, state)
}

fn spawn_postgrest(
    children: &mut Vec<Supervised>,
    state: &State,
    tools: &Tools,
    options: &Options,
    secrets: &Secrets,
    postgres_url: &str,
) -> Result<usize> {
    let port = Wanted { who: "PostgREST", port: options.postgrest_port, flag: "--postgrest-port" }.claim()?;
    let mut command = devstack(tools, "postgrest", port)?;
    command
        .env("PGRST_DB_URI", postgres_url)
        .env("PGRST_JWT_SECRET", &secrets.supabase_jwt_secret)
        .env("DEVSTACK_SECRET_KEYS", &secrets.supabase_secret_key)
        .env("DEVSTACK_PUBLISHABLE_KEYS", &secrets.supabase_publishable_key);
    spawn(children, "postgrest", command, state)
}

fn devstack(tools: &Tools, store: &str, port: u16) -> Result<Command> {
    let program = tools.devstack.as_ref().context("the local stores were not compiled")?;
    let mut command = Command::new(program);
    command.arg(store).arg("--port").arg(port.to_string());
    Ok(command)
}

/// Path of a store's data folder. Creates its parent; the store creates the folder itself.
fn data(state: &State, name: &str) -> Result<PathBuf> {
    let path = state.data(name);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    Ok(path)
}

fn spawn(children: &mut Vec<Supervised>, name: &'static str, command: Command, state: &State) -> Result<usize> {
    children.push(Supervised::spawn(name, command, state)?);
    Ok(children.len() - 1)
}

fn wait(children: &mut [Supervised], index: usize, title: &str) -> Result<String> {
    let Some(child) = children.get_mut(index) else { bail!("{title} was not started") };
    step(title, || {
        child.wait_for_ready_line(START).with_context(|| {
            format!("{title} did not start. If its data is damaged, delete it with `cargo xtask reset`")
        })
    })
}
