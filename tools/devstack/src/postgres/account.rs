//! Chooses the account that the server runs as. PostgreSQL refuses to run as root, and a service account often cannot
//! access a checkout in root's home. Several alternatives are tried in order.

use std::{
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use nix::unistd::{Gid, Uid, User};
use tokio::process::Command;

use super::binaries::Binaries;

/// Usual id of `nobody`. In a user namespace it needs no account.
const NOBODY: u32 = 65534;

/// How to run the server's programs without being root.
#[derive(Debug)]
pub(super) enum Account {
    /// The caller is not root.
    Own,
    /// Another account, which owns the data folder.
    Other(Uid, Gid),
    /// A user namespace in which the caller's own files belong to `nobody`.
    Namespace,
    /// Another account with a capability that lets it enter folders closed to it. For containers that forbid user
    /// namespaces.
    Privileged(Uid, Gid, &'static str),
}

impl Account {
    /// Returns the first alternative with which the programs start and the data folder is accessible.
    pub(super) fn choose(binaries: &Binaries, folder: &Path) -> Result<Self> {
        if !Uid::effective().is_root() {
            return Ok(Self::Own);
        }
        let (uid, gid) = service_account()?;
        let ways = [
            Self::Other(uid, gid),
            Self::Namespace,
            Self::Privileged(uid, gid, "+dac_read_search"),
            Self::Privileged(uid, gid, "+dac_override"),
        ];
        let works = |way: &Self| {
            way.standard_command(Path::new("/bin/sh"))
                .args(["-c", "cd \"$1\" && exec \"$2\" --version", "sh"])
                .arg(folder)
                .arg(binaries.program("postgres"))
                .output()
                .is_ok_and(|output| output.status.success())
        };
        let Some(way) = ways.into_iter().find(works) else {
            bail!(
                "PostgreSQL does not run as root, and no other account can access {}: run devstack as an ordinary user, or move the folder to a place that other users can access",
                folder.display()
            );
        };
        Ok(way)
    }

    /// Returns a command that runs `program` as this account.
    pub(super) fn command(&self, program: &Path) -> Command {
        self.standard_command(program).into()
    }

    fn standard_command(&self, program: &Path) -> std::process::Command {
        use std::os::unix::process::CommandExt as _;
        use std::process::Command;

        let mut command = match self {
            Self::Own => Command::new(program),
            Self::Other(uid, gid) => {
                let mut command = Command::new(program);
                command.uid(uid.as_raw()).gid(gid.as_raw());
                command
            }
            Self::Namespace => {
                let mut command = Command::new("unshare");
                command
                    .arg("--user")
                    .arg(format!("--map-user={NOBODY}"))
                    .arg(format!("--map-group={NOBODY}"))
                    .arg("--")
                    .arg(program);
                command
            }
            Self::Privileged(uid, gid, capability) => {
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={uid}"))
                    .arg(format!("--regid={gid}"))
                    .arg("--clear-groups")
                    .arg(format!("--inh-caps={capability}"))
                    .arg(format!("--ambient-caps={capability}"));
                // Changing the account would clear the signal that `parent` sets.
                command.arg("--pdeathsig=QUIT").arg("--").arg(program);
                command
            }
        };
        // The account may have no access to the caller's current folder.
        command.current_dir("/");
        command
    }

    /// Makes the account the owner of all files below `path`, if it is not yet.
    pub(super) fn take(&self, path: &Path) -> Result<()> {
        let (uid, gid) = match self {
            Self::Own => return Ok(()),
            Self::Other(uid, gid) | Self::Privileged(uid, gid, _) => (*uid, *gid),
            Self::Namespace => (Uid::effective(), Gid::effective()),
        };
        if path.symlink_metadata()?.uid() == uid.as_raw() {
            return Ok(());
        }
        // The folder itself is last: if this is interrupted, the next start sees the old owner and repeats it.
        give(path, uid, gid).with_context(|| format!("cannot change the owner of {}", path.display()))
    }
}

fn give(path: &Path, uid: Uid, gid: Gid) -> Result<()> {
    if path.symlink_metadata()?.is_dir() {
        let entries: Vec<PathBuf> =
            path.read_dir()?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        for entry in entries {
            give(&entry, uid, gid)?;
        }
    }
    nix::unistd::fchownat(nix::fcntl::AT_FDCWD, path, Some(uid), Some(gid), nix::fcntl::AtFlags::AT_SYMLINK_NOFOLLOW)?;
    Ok(())
}

fn service_account() -> Result<(Uid, Gid)> {
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok((user.uid, user.gid));
        }
    }
    Ok((Uid::from_raw(NOBODY), Gid::from_raw(NOBODY)))
}
