//! The data folder: its lock, and the configuration that makes the embedded engine as strict as a server with untrusted
//! clients.
//!
//! The engine's access control enforces this: `READ` and `WRITE` on sources are revoked (no `file()`, `url()`, `s3()`,
//! `remote()`, …), table engines are granted by name, and a client can neither shut down the engine nor drop the
//! default database of connections. The engine makes its database `default` an overlay that also resolves file names;
//! here the overlay has another name and `default` is an ordinary database.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use nix::fcntl::{Flock, FlockArg};

/// Table and database engines that store data only in the data folder, or not at all.
const ENGINES: &[&str] = &[
    "AggregatingMergeTree",
    "Buffer",
    "CoalescingMergeTree",
    "CollapsingMergeTree",
    "Dictionary",
    "GenerateRandom",
    "Join",
    "Log",
    "MaterializedView",
    "Memory",
    "Merge",
    "MergeTree",
    "Null",
    "ReplacingMergeTree",
    "Set",
    "StripeLog",
    "SummingMergeTree",
    "TinyLog",
    "VersionedCollapsingMergeTree",
    "View",
];

/// Merges and mutations that each of the engine's 2 threads takes on in turns. By default they are 2.
///
/// A mutation makes a new version of every part of its table, also of parts that it does not change. Parts beyond the
/// 32 that are taken on wait for [`PAUSE`] and longer. A server takes on 32 too, with 16 threads: here they would take
/// the time of inserts and questions.
const TASKS_PER_THREAD: u32 = 16;

/// Maximum of the random pause before the engine looks again for work of merges and mutations, in seconds. Its default
/// of 1 spreads out the tables of a big server.
const PAUSE: f32 = 0.05;

/// The definition of the database `default`. Its UUID can be any fixed one, because a data folder has only one such
/// database.
const DEFAULT_DATABASE: &str = "ATTACH DATABASE _ UUID '6f1c1b2e-3d54-4f0a-9a53-6d1f0c4b7e21'\nENGINE = Atomic\n";

/// A data folder that this process has locked.
#[derive(Debug)]
pub(super) struct Home {
    path: PathBuf,
    // The lock is held until the process exits.
    _lock: Flock<File>,
}

impl Home {
    /// Creates the folder if necessary, locks it and writes the engine's configuration.
    ///
    /// # Errors
    /// One sentence that says what to do.
    pub(super) fn prepare(data: &Path) -> anyhow::Result<Self> {
        let shown = data.display();
        if data.exists() && !data.is_dir() {
            bail!("{shown} is not a folder: pass a folder as --data");
        }
        let own = data.join("devstack");
        let writable = || format!("cannot write to {shown}: pass a writable folder as --data");
        fs::create_dir_all(&own).with_context(writable)?;
        let path = data.canonicalize().with_context(writable)?;
        let lock = File::create(own.join("lock")).with_context(writable)?;
        let Ok(lock) = Flock::lock(lock, FlockArg::LockExclusiveNonblock) else {
            bail!("{shown} is in use by another process: stop that process or pass another folder as --data");
        };
        let home = Self { path, _lock: lock };
        fs::write(home.own("config.xml"), home.config()).with_context(writable)?;
        fs::write(home.own("users.xml"), users()).with_context(writable)?;
        let default = home.path.join("metadata/default.sql");
        if !default.exists() {
            fs::create_dir_all(home.path.join("metadata")).with_context(writable)?;
            fs::write(default, DEFAULT_DATABASE).with_context(writable)?;
        }
        Ok(home)
    }

    /// Arguments of the engine's connections.
    pub(super) fn arguments(&self) -> Vec<String> {
        vec![format!("--path={}", self.path.display()), format!("--config-file={}", self.own("config.xml").display())]
    }

    /// File with the engine's messages at startup.
    pub(super) fn log(&self) -> PathBuf {
        self.own("engine.txt")
    }

    fn own(&self, name: &str) -> PathBuf {
        self.path.join("devstack").join(name)
    }

    fn config(&self) -> String {
        let tasks = "background_merges_mutations_concurrency_ratio";
        let pause = "background_processing_pool_task_sleep_seconds_when_no_work_random_part";
        format!(
            "<clickhouse>\n\
             <users_config>{}</users_config>\n\
             <default_database>_files</default_database>\n\
             <database>default</database>\n\
             <{tasks}>{TASKS_PER_THREAD}</{tasks}>\n\
             <{pause}>{PAUSE}</{pause}>\n\
             <access_control_improvements>\
             <table_engines_require_grant>true</table_engines_require_grant>\
             </access_control_improvements>\n\
             </clickhouse>\n",
            escaped(&self.own("users.xml").display().to_string())
        )
    }
}

fn users() -> String {
    let engines: Vec<String> =
        ENGINES.iter().map(|engine| format!("<query>GRANT TABLE ENGINE ON `{engine}`</query>\n")).collect();
    let engines = engines.concat();
    format!(
        "<clickhouse>\n\
         <profiles><default>\
         <implicit_select>0</implicit_select>\
         <allow_introspection_functions>0</allow_introspection_functions>\
         </default></profiles>\n\
         <quotas><default></default></quotas>\n\
         <users><default>\n\
         <password></password><networks><ip>::/0</ip></networks>\
         <profile>default</profile><quota>default</quota>\n\
         <grants>\n\
         <query>GRANT ALL ON *.*</query>\n\
         <query>REVOKE READ, WRITE ON *.*</query>\n\
         <query>REVOKE TABLE ENGINE ON *</query>\n\
         {engines}\
         <query>REVOKE SYSTEM SHUTDOWN ON *.*</query>\n\
         <query>REVOKE DROP DATABASE ON default.*</query>\n\
         </grants>\n\
         </default></users>\n\
         </clickhouse>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
