//! The state folder of a local stack (`.headwater/`): data, logs, secrets, and the lock of its process.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{stop, workspace};

/// Name of the folder in a workspace.
pub const DEFAULT: &str = ".headwater";

/// The flag that all commands on the local stack share.
#[derive(Debug, Clone, clap::Args)]
pub struct StateArg {
    /// Folder with the data, logs and secrets of the local stack.
    #[arg(long, value_name = "DIR", default_value = DEFAULT)]
    pub state: PathBuf,
}

impl StateArg {
    /// The folder; a relative path is relative to the workspace.
    pub fn open(&self) -> Result<State> {
        State::at(&self.state)
    }
}

/// Paths within a state folder.
#[derive(Debug, Clone)]
pub struct State {
    dir: PathBuf,
}

impl State {
    /// The folder at `dir`, which need not exist.
    pub fn at(dir: &Path) -> Result<Self> {
        let absolute = std::path::absolute(workspace::root().join(dir))?;
        // Processes are found by this path, so it must be the same for all.
        Ok(Self { dir: absolute.canonicalize().unwrap_or(absolute) })
    }

    /// Creates the folder and its logs.
    pub fn create(&mut self) -> Result<()> {
        let create = |dir: PathBuf| {
            fs::create_dir_all(&dir).with_context(|| {
                format!("cannot create {}: choose a folder you can write to with --state", dir.display())
            })
        };
        create(self.dir.join("logs"))?;
        self.dir = self.dir.canonicalize()?;
        Ok(())
    }

    /// The folder itself, absolute.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Log of one process.
    pub fn log(&self, name: &str) -> PathBuf {
        self.dir.join("logs").join(format!("{name}.log"))
    }

    /// Data of one store.
    pub fn data(&self, name: &str) -> PathBuf {
        self.dir.join("data").join(name)
    }

    /// A file of this folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// `dev.json`, which scripts and tests read.
    pub fn dev_file(&self) -> PathBuf {
        self.file("dev.json")
    }

    /// Locks the folder for this process; `None` if another process holds it. The kernel releases the lock however the
    /// holder ends.
    pub fn hold(&self) -> Result<Option<Held>> {
        let path = self.file("supervisor.pid");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot write {}", path.display()))?;
        // A process that reads the holder's number also locks the file for a moment.
        for _ in 0..5 {
            match file.try_lock() {
                Ok(()) => {
                    file.set_len(0)?;
                    write!(&file, "{}", std::process::id())?;
                    return Ok(Some(Held { _file: file }));
                }
                Err(TryLockError::WouldBlock) => stop::pause()?,
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock {}", path.display()));
                }
            }
        }
        Ok(None)
    }

    /// The process that holds the folder, if one does.
    pub fn holder(&self) -> Result<Option<i32>> {
        let path = self.file("supervisor.pid");
        let Ok(file) = File::open(&path) else {
            return Ok(None);
        };
        loop {
            match file.try_lock_shared() {
                Ok(()) => return Ok(None),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    return Err(error).with_context(|| format!("cannot lock {}", path.display()));
                }
            }
            // A new holder may not have written its number yet.
            if let Ok(pid) = fs::read_to_string(&path)?.trim().parse() {
                return Ok(Some(pid));
            }
            stop::pause()?;
        }
    }

    /// Reads a JSON file; `None` if it does not exist.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let path = self.file(name);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let value = serde_json::from_str(&text).with_context(|| {
            format!("{} is damaged: restore it, or start empty with `cargo xtask reset`", workspace::shown(&path))
        })?;
        Ok(Some(value))
    }

    /// Writes a JSON file that only its owner can read.
    pub fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        self.write_private(name, &format!("{}\n", serde_json::to_string_pretty(value)?))
    }

    /// Writes a file that only its owner can read. It is replaced atomically.
    pub fn write_private(&self, name: &str, text: &str) -> Result<()> {
        let path = self.file(name);
        let fresh = self.file(&format!("{name}.new"));
        let _ = fs::remove_file(&fresh);
        let mut file = OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&fresh)
            .with_context(|| format!("cannot write {}", fresh.display()))?;
        file.write_all(text.as_bytes())?;
        fs::rename(&fresh, &path)?;
        Ok(())
    }

    /// Removes the folder, if it is a state folder.
    pub fn remove(&self) -> Result<()> {
        if !self.dir.exists() {
            return Ok(());
        }
        if !self.file("supervisor.pid").exists() {
            bail!("{} is not a state folder: nothing was removed", self.dir.display());
        }
        fs::remove_dir_all(&self.dir).with_context(|| format!("cannot remove {}", self.dir.display()))
    }
}

/// The folder stays locked as long as this value lives.
#[derive(Debug)]
pub struct Held {
    _file: File,
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::State;

    fn scratch(name: &str) -> State {
        let mut state = State::at(&std::env::temp_dir().join(format!("state-{name}-{}", std::process::id()))).unwrap();
        state.create().unwrap();
        state
    }

    #[test]
    fn private_files_can_be_read_by_their_owner_only() {
        let state = scratch("private");
        state.write("x.json", &1).unwrap();
        state.write("x.json", &2).unwrap();
        assert_eq!(state.read::<u8>("x.json").unwrap(), Some(2));
        assert_eq!(state.file("x.json").metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::remove_dir_all(state.dir()).unwrap();
    }

    #[test]
    fn a_damaged_file_says_what_to_do() {
        let state = scratch("damaged");
        state.write_private("x.json", "{").unwrap();
        assert!(state.read::<u8>("x.json").unwrap_err().to_string().contains("cargo xtask reset"));
        std::fs::remove_dir_all(state.dir()).unwrap();
    }

    #[test]
    fn only_one_holds_a_folder_and_only_state_folders_are_removed() {
        let state = scratch("held");
        assert!(state.remove().is_err());
        let held = state.hold().unwrap();
        assert!(held.is_some());
        assert!(state.hold().unwrap().is_none());
        assert_eq!(state.holder().unwrap(), Some(i32::try_from(std::process::id()).unwrap()));
        drop(held);
        assert_eq!(state.holder().unwrap(), None);
        state.remove().unwrap();
        assert!(!state.dir().exists());
    }
}
