//! The classifier's version: a number, and a hash of everything that affects an answer.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::Result;

/// Increment it when the meaning of a field changes. The hash covers tables and rules.
const GENERATION: u32 = 1;

/// FNV-1a, 64 bits. It only has to detect changes, so it need not be secure.
struct Hash(u64);

impl Hash {
    fn line(&mut self, line: &str) {
        for byte in line.bytes().chain([b'\n']) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// Hashes the tables and the sources without comments and blank lines, so that a change of documentation or line
/// endings does not make stored rows look outdated.
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
        "/// Generation number, then a hash of the tables and rules. It changes whenever one of them \
         does.\n\
         pub const CLASSIFIER_VERSION: &str = \"{GENERATION}-{:08x}\";\n",
        (hash.0 >> 32) ^ (hash.0 & 0xffff_ffff)
    ))
}
