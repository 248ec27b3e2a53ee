//! Compiles the tables in `tables/` into a lexicon, bucketed by the first two bytes of its tokens, and the list of referrer
//! spammers into sorted hashes.

#![forbid(unsafe_code)]

#[path = "../src/fold.rs"]
mod fold;
mod lexicon;
mod spam;

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

/// An error in a table fails the build and says where it is.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=tables");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=src/fold.rs");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);

    fs::write(out.join("lexicon.rs"), lexicon::generate(&root.join("tables"))?)?;
    let list = fs::read_to_string(root.join("tables/spammers.txt"))?;
    fs::write(out.join("spam.bin"), spam::pack(&list)?)?;
    Ok(())
}
