//! The data folder: `initdb` on the first start, checks on each.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use super::{account::Account, binaries::Binaries, parent};

/// How long a server that is ending may keep the folder.
const RELEASE: Duration = Duration::from_secs(5);

/// The folder the caller named. PostgreSQL's own data lies one level deeper, so that it can be made
/// aside and moved into place: a start that is cut off leaves either nothing or a whole cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    folder: PathBuf,
    data: PathBuf,
}

impl Cluster {
    /// Makes the folder where it is absent.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let usable = fs::create_dir_all(folder).and_then(|()| folder.canonicalize());
        let folder = usable.with_context(|| {
            format!("the data folder {} cannot be used: choose another with --data", folder.display())
        })?;
        let data = folder.join("cluster");
        Ok(Self { folder, data })
    }

    /// The folder the caller named.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What `postgres -D` takes.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// Leaves a cluster that this server can start on.
    pub(super) async fn prepare(&self, binaries: &Binaries, account: &Account, password: &str) -> Result<()> {
        if self.data.symlink_metadata().is_err() {
            self.create(binaries, account, password).await?;
        }
        let made_by = fs::read_to_string(self.data.join("PG_VERSION")).unwrap_or_default();
        if made_by.trim().is_empty() {
            bail!(
                "the data folder {} is damaged (no PG_VERSION): restore it from a backup, or remove it to start empty",
                self.data.display()
            );
        }
        if made_by.trim() != binaries.major.to_string() {
            bail!(
                "the data folder {} was made by PostgreSQL {} and this is {}: pass --bin with the folder of that version, or remove the data folder to start empty",
                self.data.display(),
                made_by.trim(),
                binaries.major
            );
        }
        account.take(&self.data)?;
        self.release().await
    }

    async fn create(&self, binaries: &Binaries, account: &Account, password: &str) -> Result<()> {
        let draft = self.folder.join("cluster.new");
        let secret = SecretFile(self.folder.join("cluster.password"));
        self.initdb(binaries, account, password, &draft, &secret.0).await?;
        fs::rename(&draft, &self.data)?;
        Ok(())
    }

    async fn initdb(
        &self,
        binaries: &Binaries,
        account: &Account,
        password: &str,
        draft: &Path,
        secret: &Path,
    ) -> Result<()> {
        if draft.exists() {
            fs::remove_dir_all(draft)?;
        }
        let _ = fs::remove_file(secret);
        fs::DirBuilder::new().mode(0o700).create(draft)?;
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(secret)?.write_all(password.as_bytes())?;
        account.take(draft)?;
        account.take(secret)?;

        let mut command = account.command(&binaries.program("initdb"));
        command
            .args(["--username=postgres", "--encoding=UTF8", "--locale=C"])
            .args(["--auth=scram-sha-256", "--no-instructions"])
            // Nothing is lost with a cluster that is still empty.
            .arg("--no-sync")
            .arg("--pgdata")
            .arg(draft)
            .arg("--pwfile")
            .arg(secret)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        parent::end_with_parent(&mut command);
        let output = command.output().await.context("initdb cannot be run")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let reason = said
                .lines()
                .find(|line| line.contains("error:") || line.contains("FATAL"))
                .or_else(|| said.lines().last())
                .unwrap_or("it gave no reason");
            bail!("PostgreSQL could not make the data folder {}: {}", self.data.display(), reason.trim());
        }
        Ok(())
    }

    /// A killed server leaves `postmaster.pid`. PostgreSQL takes any live process with that number
    /// for its own, so the file is removed unless the process really works in this folder.
    async fn release(&self) -> Result<()> {
        let lock = self.data.join("postmaster.pid");
        let mut waited = Duration::ZERO;
        while let Some(pid) = first_line(&lock) {
            let Some(process) = self.server_in_use(&pid) else {
                fs::remove_file(&lock)?;
                return Ok(());
            };
            if waited >= RELEASE {
                bail!(
                    "the data folder {} is in use by the PostgreSQL process {process}: stop that one first",
                    self.data.display()
                );
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            waited += Duration::from_millis(100);
        }
        Ok(())
    }

    #[cfg(target_os = "linux")]
    fn server_in_use<'pid>(&self, pid: &'pid str) -> Option<&'pid str> {
        let works_in = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
        (works_in == self.data).then_some(pid)
    }

    /// Without `/proc` PostgreSQL's own check has to do.
    #[cfg(not(target_os = "linux"))]
    fn server_in_use<'pid>(&self, _: &'pid str) -> Option<&'pid str> {
        None
    }
}

/// The password in a file, which lies there no longer than `initdb` needs it.
struct SecretFile(PathBuf);

impl Drop for SecretFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn first_line(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.lines().next().unwrap_or_default().trim().to_owned())
}
