//! Packs the tables of tokens into one byte string with buckets.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::{Result, fold};

/// Two bytes of 28 kinds each (`fold::bucket`).
const BUCKETS: usize = 28 * 28;

struct Entry {
    token: String,
    /// Only at the start of the user agent (`^token`).
    start: bool,
    /// Letters or digits may follow the token (`token*`).
    open: bool,
    /// The variant of `Kind`.
    kind: &'static str,
    rank: u8,
    name: String,
    /// Device type of a system, else empty.
    device: String,
}

/// The kinds, by their numbers in records.
const KINDS: [&str; 5] = ["Bot", "Browser", "System", "Device", "Mark"];

/// The lexicon as Rust code: its records (`src/lexicon.rs` describes them), the offset of each bucket, and the words that
/// the records refer to by index.
pub(crate) fn generate(folder: &Path) -> Result<String> {
    let mut entries = Vec::new();
    for (file, kind, columns) in [
        ("bots.tsv", "Bot", 3),
        ("browsers.tsv", "Browser", 3),
        ("systems.tsv", "System", 4),
        ("devices.tsv", "Device", 3),
        ("marks.tsv", "Mark", 2),
    ] {
        read(&fs::read_to_string(folder.join(file))?, file, kind, columns, &mut entries)?;
    }
    let words: BTreeSet<String> = entries.iter().flat_map(|entry| [entry.name.clone(), entry.device.clone()]).collect();
    let number = |word: &String| words.iter().position(|known| known == word).ok_or("a word without a number");
    let mut buckets: BTreeMap<usize, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        let [first, second, ..] = entry.token.as_bytes() else {
            return Err(format!("{:?}: two bytes at least", entry.token).into());
        };
        buckets.entry(fold::bucket(*first, *second)).or_default().push(entry);
    }
    let (mut records, mut starts) = (Vec::new(), vec![0]);
    for bucket in 0..BUCKETS {
        if let Some(entries) = buckets.get_mut(&bucket) {
            // The longest token first, so that the first match is the longest.
            entries.sort_by_key(|entry| (Reverse(entry.token.len()), entry.token.to_ascii_lowercase(), !entry.start));
            for pair in entries.windows(2) {
                if let [one, other] = pair
                    && one.token.eq_ignore_ascii_case(&other.token)
                    && one.start == other.start
                {
                    return Err(format!("{:?} stands in the tables twice", one.token).into());
                }
            }
            for Entry { token, start, open, kind, rank, name, device } in entries {
                let kind = KINDS.iter().position(|known| known == kind).ok_or("a kind without a number")?;
                let flags = if *start { fold::START } else { 0 } | if *open { fold::OPEN } else { 0 };
                records.push(u8::try_from(token.len())?);
                records.push(u8::try_from(kind)? | flags);
                records.push(*rank);
                records.extend_from_slice(&u16::try_from(number(name)?)?.to_le_bytes());
                records.extend_from_slice(&u16::try_from(number(device)?)?.to_le_bytes());
                records.extend_from_slice(token.as_bytes());
            }
        }
        starts.push(u16::try_from(records.len())?);
    }
    let (mut text, mut ends) = (String::new(), Vec::new());
    for word in &words {
        text.push_str(word);
        ends.push(u16::try_from(text.len())?);
    }
    let kinds: Vec<String> = KINDS.iter().map(|kind| format!("Kind::{kind}")).collect();
    Ok(format!(
        "static RECORDS: &[u8] = b\"{}\";\n\
         static STARTS: [u16; {}] = {starts:?};\n\
         static WORDS: &str = {text:?};\n\
         static WORD_ENDS: &[u16] = &{ends:?};\n\
         static KINDS: &[Kind] = &[{}];\n",
        records.escape_ascii(),
        BUCKETS + 1,
        kinds.join(", ")
    ))
}

fn read(table: &str, file: &str, kind: &'static str, columns: usize, into: &mut Vec<Entry>) -> Result<()> {
    for (number, line) in table.lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let bad = |why: &str| format!("{file}:{}: {why}: {line:?}", number + 1);
        let fields: Vec<&str> = line.split('\t').collect();
        if fields.len() != columns || !line.is_ascii() {
            return Err(bad(&format!("{columns} columns of ASCII")).into());
        }
        let field = |at: usize| fields.get(at).copied().unwrap_or_default();
        let (start, token) = field(0).strip_prefix('^').map_or((false, field(0)), |token| (true, token));
        let (open, token) = token.strip_suffix('*').map_or((false, token), |token| (true, token));
        // A bot's third column is its source, not needed at run time.
        let rank = match kind {
            "Bot" | "Mark" => 0,
            _ => field(2).parse().map_err(|_| bad("the third column is a rank below 256"))?,
        };
        into.push(Entry {
            token: token.to_owned(),
            start,
            open,
            kind,
            rank,
            name: field(1).to_owned(),
            device: field(3).to_owned(),
        });
    }
    Ok(())
}
