//! The version: a number for people, and a hash of everything that decides an answer.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::Result;

/// Raised by hand where the meaning of a field changes; tables and rules are in the hash.
const GENERATION: u32 = 1;

/// FNV-1a, 64 bits: no security asked of it, only that another input gives another number.
struct Hash(u64);

impl Hash {
    fn line(&mut self, line: &str) {
        for byte in line.bytes().chain([b'\n']) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// Hashes the tables and the sources, leaving out comments and blank lines so that neither a word
/// of documentation nor a line ending makes stored rows look outdated.
pub(crate) fn code(root: &Path) -> Result<String> {
    let mut hash = Hash(0xcbf2_9ce4_8422_2325);
    for folder in ["tables", "src"] {
        let mut files: Vec<_> = fs::read_dir(root.join(folder))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<std::io::Result<_>>()?;
        files.sort();
        for file in files {
            let comment = match file.extension().and_then(OsStr::to_str) {
                Some("tsv") => "#",
                Some("dat" | "rs") => "//",
                _ => continue,
            };
            for line in fs::read_to_string(&file)?.lines().map(str::trim) {
                if !line.is_empty() && !line.starts_with(comment) {
                    hash.line(line);
                }
            }
        }
    }
    Ok(format!(
        "/// A number for people, then a hash of the tables and rules this was built from: it \
         changes whenever one of them does.\n\
         pub const CLASSIFIER_VERSION: &str = \"{GENERATION}-{:08x}\";\n",
        (hash.0 >> 32) ^ (hash.0 & 0xffff_ffff)
    ))
}
