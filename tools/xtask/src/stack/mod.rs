//! The running stack: the stores, their schema, the demo project, the Worker.

mod stores;
mod worker;

use std::time::Duration;

use anyhow::Result;
use intake::key::Env;

use crate::dev_file::{DevFile, Stores};
use crate::event_store::EventStore;
use crate::port::Wanted;
use crate::process::Supervised;
use crate::secrets::Secrets;
use crate::setup::{Needs, Tools};
use crate::state::State;
use crate::step::step;
use crate::{demo, migrate, stop};

pub(crate) use worker::settings as worker_settings;

/// Ports of the stack, and stores to use instead of the local ones.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// Port of the Worker. 0 picks a free one, as for the other ports.
    #[arg(long, value_name = "N", default_value_t = 8787)]
    pub(crate) worker_port: u16,
    /// Port of the local ClickHouse.
    #[arg(long, value_name = "N", default_value_t = 18123)]
    pub(crate) clickhouse_port: u16,
    /// Port of the local PostgREST.
    #[arg(long, value_name = "N", default_value_t = 13000)]
    pub(crate) postgrest_port: u16,
    /// Port of the local PostgreSQL.
    #[arg(long, value_name = "N", default_value_t = 15432)]
    pub(crate) postgres_port: u16,
    /// Start the stores only, not the Worker.
    #[arg(long)]
    pub(crate) stores_only: bool,
    #[command(flatten)]
    pub(crate) clickhouse: stores::OwnClickHouse,
    #[command(flatten)]
    pub(crate) supabase: stores::OwnSupabase,
}

impl Options {
    /// Options with free ports for everything.
    pub(crate) fn anywhere(stores_only: bool) -> Self {
        Self {
            worker_port: 0,
            clickhouse_port: 0,
            postgrest_port: 0,
            postgres_port: 0,
            stores_only,
            clickhouse: stores::OwnClickHouse::default(),
            supabase: stores::OwnSupabase::default(),
        }
    }

    /// What must be installed to run with these options.
    pub(crate) fn needs(&self) -> Needs {
        Needs {
            clickhouse: self.clickhouse.clickhouse_url.is_none(),
            postgres: self.supabase.supabase_url.is_none(),
            worker: !self.stores_only,
        }
    }
}

/// When the Worker's bundle is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bundle {
    /// Built into `build/`, and rebuilt whenever a source file changes.
    Watched,
    /// Built once into the state folder, so that a test run uses one bundle throughout.
    Fixed,
}

/// The processes of a running stack, in start order.
pub(crate) struct Stack {
    children: Vec<Supervised>,
}

impl Stack {
    /// Starts the stack and waits until it is ready. Returns its addresses and keys.
    ///
    /// # Errors
    /// If a step fails. No process is left running then.
    pub(crate) fn start(state: &State, tools: &Tools, options: &Options, bundle: Bundle) -> Result<(Self, DevFile)> {
        let mut stack = Self { children: Vec::new() };
        match stack.bring_up(state, tools, options, bundle) {
            Ok(dev) => Ok((stack, dev)),
            Err(error) => {
                stack.stop();
                Err(error)
            }
        }
    }

    fn bring_up(&mut self, state: &State, tools: &Tools, options: &Options, bundle: Bundle) -> Result<DevFile> {
        let secrets = Secrets::of(state)?;
        // Claimed first, so that a port in use is reported before anything starts.
        let worker_port = if options.stores_only {
            None
        } else {
            Some(Wanted { who: "the Worker", port: options.worker_port, flag: "--worker-port" }.claim()?)
        };
        let databases = stores::start_databases(&mut self.children, state, tools, options, &secrets)?;
        migrate::migrate_clickhouse(&EventStore::new(
            &databases.clickhouse_url,
            &databases.clickhouse_database,
            &databases.clickhouse_users.maintain.user,
            &databases.clickhouse_users.maintain.password,
        )?)?;
        if let Some(url) = &databases.postgres_url {
            migrate::migrate_postgres(url)?;
        }
        let stores: Stores = databases.with_postgrest(&mut self.children, state, tools, options, &secrets)?;
        let [keys, test_keys] = step("demo project", || {
            let of = |env| demo::keys(state, &stores, &secrets, env);
            Ok([of(Env::Live)?, of(Env::Test)?])
        })?;
        let worker_url = match worker_port {
            Some(port) => worker::start(&mut self.children, state, tools, &stores, &secrets, port, bundle)?,
            None => String::new(),
        };
        Ok(DevFile { worker_url, internal_secret: secrets.internal_secret, stores, keys, test_keys })
    }

    /// Finds a process by name, which is also the name of its log.
    pub(crate) fn process(&mut self, name: &str) -> Option<&mut Supervised> {
        self.children.iter_mut().find(|child| child.name == name)
    }

    /// Runs until a signal asks to stop.
    ///
    /// # Errors
    /// If a process stops unexpectedly.
    pub(crate) fn supervise(&mut self) -> Result<()> {
        while !stop::requested() {
            for child in &mut self.children {
                if let Some(status) = child.ended()? {
                    return Err(child.obituary(status));
                }
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Stops all processes, the newest first, so that no process loses a store it depends on.
    pub(crate) fn stop(&mut self) {
        while let Some(mut child) = self.children.pop() {
            child.end();
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.stop();
    }
}
