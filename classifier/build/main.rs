//! Build script: compiles the tables under `tables/` into hash tables and the public suffix list into a front-coded
//! byte string, and derives the version from tables and rules.

#![forbid(unsafe_code)]

#[path = "../src/hash.rs"]
mod hash;
mod suffixes;
mod tables;
mod version;

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

/// An error in a table stops the build and names the line.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=tables");
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=build");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let list = fs::read_to_string(root.join("tables/public_suffix_list.dat"))?;
    let rules = suffixes::parse(&list)?;
    let packed = suffixes::pack(&rules)?;
    fs::write(out.join("suffixes.bin"), &packed.records)?;

    let mut code = tables::generate(&root.join("tables"), &rules)?;
    code.push_str(&packed.code());
    code.push_str(&version::code(&root)?);
    fs::write(out.join("tables.rs"), code)?;
    Ok(())
}
