//! The output folder. Files are built in a staging folder and moved into place, so that nobody reads half a build.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};

/// The bundled module.
pub(crate) const MODULE: &str = "index.mjs";
/// The WebAssembly file that the module imports.
pub(crate) const WASM: &str = "index_bg.wasm";
/// wasm-bindgen's JavaScript, an input of the bundle.
pub(crate) const GLUE: &str = "index.js";

const STAMP: &str = ".stamp";
const STAGING: &str = ".staging";

/// Locks the output folder for this process: two builds at the same time would mix their files.
pub(crate) fn lock(out_dir: &Path) -> Result<File> {
    fs::create_dir_all(out_dir).with_context(|| format!("cannot create the folder {}", out_dir.display()))?;
    let file = File::create(out_dir.join(".lock"))?;
    file.lock()?;
    Ok(file)
}

/// Identifies the inputs of an output.
pub(crate) struct Stamp(String);

impl Stamp {
    /// The stamp of the compiled Worker, this program and the options. Cargo writes both files only if they change, so
    /// sizes and times are enough; hashing megabytes would take a second.
    pub(crate) fn of(wasm: &Path, optimize: bool, names: bool) -> Result<Self> {
        let mut stamp = format!("optimize={optimize} names={names}");
        for file in [wasm, &std::env::current_exe()?] {
            let metadata = fs::metadata(file).with_context(|| format!("cannot look at {}", file.display()))?;
            let time = metadata.modified()?.duration_since(UNIX_EPOCH)?.as_nanos();
            write!(stamp, "\n{} {} {time}", file.display(), metadata.len())?;
        }
        Ok(Self(stamp))
    }
}

/// Whether the output exists and was made from the same inputs.
pub(crate) fn is_current(out_dir: &Path, stamp: &Stamp) -> bool {
    fs::read_to_string(out_dir.join(STAMP)).is_ok_and(|found| found == stamp.0)
        && [MODULE, WASM].iter().all(|name| out_dir.join(name).exists())
}

/// An empty folder in the output folder, on the same file system.
pub(crate) fn staging(out_dir: &Path) -> Result<PathBuf> {
    let staging = out_dir.join(STAGING);
    if staging.exists() {
        fs::remove_dir_all(&staging)?;
    }
    fs::create_dir_all(&staging)?;
    Ok(staging)
}

/// Moves the two files into place, the module last because wrangler watches it.
pub(crate) fn publish(staging: &Path, out_dir: &Path, stamp: &Stamp) -> Result<()> {
    for name in [WASM, MODULE] {
        fs::rename(staging.join(name), out_dir.join(name))
            .with_context(|| format!("cannot write {name} into {}", out_dir.display()))?;
    }
    fs::write(out_dir.join(STAMP), &stamp.0)?;
    fs::remove_dir_all(staging)?;
    Ok(())
}

/// Prints the sizes of both files, plain and compressed.
pub(crate) fn report(out_dir: &Path) -> Result<()> {
    for name in [MODULE, WASM] {
        let bytes = fs::read(out_dir.join(name))?;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(&bytes)?;
        let packed = gzip.finish()?.len();
        println!("{name}: {} KiB, gzip {} KiB", bytes.len().div_ceil(1024), packed.div_ceil(1024));
    }
    Ok(())
}
