//! Compiles the migrations in, so that an installed `headwater` has those of the version that it was built from.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").canonicalize()?;
    let mut code = String::new();
    for (store, constant) in [("clickhouse", "CLICKHOUSE"), ("postgres", "POSTGRES")] {
        let folder = root.join(store);
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut files: Vec<PathBuf> =
            fs::read_dir(&folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        files.sort();
        let _ = writeln!(code, "/// `migrations/{store}`: name and text of each file.");
        let _ = writeln!(code, "pub(super) const {constant}: &[(&str, &str)] = &[");
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            if !name.starts_with('.') {
                let _ = writeln!(code, "    ({name:?}, include_str!({:?})),", file.display().to_string());
            }
        }
        code.push_str("];\n");
    }
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    fs::write(Path::new(&out).join("migrations.rs"), code)
}
