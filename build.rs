//! Build script: compresses `docs/openapi.json`, which the Worker serves. Uncompressed it would be a twelfth of the
//! WebAssembly file.

#![forbid(unsafe_code)]

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;

const DOCUMENT: &str = "docs/openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DOCUMENT}");
    println!("cargo::rerun-if-changed=build.rs");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&fs::read(root.join(DOCUMENT))?)?;
    fs::write(out.join("openapi.json.gz"), packed.finish()?)?;
    Ok(())
}
