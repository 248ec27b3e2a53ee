//! The data folder: `initdb` on the first start, checks on every start.

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

/// How long to wait for a server that is shutting down.
const RELEASE: Duration = Duration::from_secs(5);

/// The folder that the caller names. PostgreSQL's data is in a subfolder, which is created under another name and then
/// renamed, so that an interrupted start leaves no partial cluster.
#[derive(Debug)]
pub(super) struct Cluster {
    folder: PathBuf,
    data: PathBuf,
}

impl Cluster {
    /// Creates the folder if it does not exist.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let usable = fs::create_dir_all(folder).and_then(|()| folder.canonicalize());
        let folder = usable
            .with_context(|| format!("cannot use the data folder {}: choose another with --data", folder.display()))?;
        let data = folder.join("cluster");
        Ok(Self { folder, data })
    }

    /// The folder that the caller names.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder for `postgres -D`.
    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// Prepares a cluster that this version of the server can start on.
    pub(super) async fn prepare(&self, binaries: &Binaries, account: &Account, password: &str) -> Result<()> {
        if self.data.symlink_metadata().is_err() {
            self.create(binaries, account, password).await?;
        }
        let made_by = fs::read_to_string(self.data.join("PG_VERSION")).unwrap_or_default();
        if made_by.trim().is_empty() {
            bail!(
                "the data folder {} is damaged (no PG_VERSION): restore it from a backup, or delete it to start empty",
                self.data.display()
            );
        }
        if made_by.trim() != binaries.major.to_string() {
            bail!(
                "the data folder {} belongs to PostgreSQL {}, but this is {}: pass the programs of that version as --bin, or delete the data folder to start empty",
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
            // A cluster that is still empty has nothing to lose.
            .arg("--no-sync")
            .arg("--pgdata")
            .arg(draft)
            .arg("--pwfile")
            .arg(secret)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        parent::end_with_parent(&mut command);
        let output = command.output().await.context("cannot run initdb")?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let reason = said
                .lines()
                .find(|line| line.contains("error:") || line.contains("FATAL"))
                .or_else(|| said.lines().last())
                .unwrap_or("it gave no reason");
            bail!("PostgreSQL cannot create the data folder {}: {}", self.data.display(), reason.trim());
        }
        Ok(())
    }

    /// Removes the `postmaster.pid` of a killed server. PostgreSQL takes any process with that id for its own, so the
    /// file is kept only if the process works in this folder.
    ///
    /// # Errors
    /// If another server uses the folder.
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
                    "the data folder {} is in use by the PostgreSQL process {process}: stop that process first",
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

    /// Without `/proc`, only PostgreSQL's own check applies.
    #[cfg(not(target_os = "linux"))]
    fn server_in_use<'pid>(&self, _: &'pid str) -> Option<&'pid str> {
        None
    }
}

/// A file with the password, deleted as soon as `initdb` has ended.
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
