//! Packs the public suffix list.
//!
//! The key of a rule is its labels in reverse order (`uk.co`), so that the prefixes of a host's reversed labels are its
//! candidate keys. Keys are sorted and front-coded in blocks of [`BLOCK`]. A record is `shared length, rest length,
//! flags, rest`; the first record of a block shares nothing. Prefixes of longer keys have records with only the flag
//! [`DEEPER`], so that a search knows when to stop.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::Result;

const BLOCK: usize = 16;
/// The key is a suffix.
const SUFFIX: u8 = 1;
/// Every host one label below the key is a suffix (`*.ck`).
const WILDCARD: u8 = 2;
/// The key is not a suffix although a wildcard matches it (`!www.ck`).
const EXCEPTION: u8 = 4;
/// Longer keys start with this one.
const DEEPER: u8 = 8;

/// Flags by reversed key.
pub(crate) type Rules = BTreeMap<String, u8>;

pub(crate) struct Packed {
    pub(crate) records: Vec<u8>,
    blocks: Vec<usize>,
    longest: usize,
}

pub(crate) fn parse(list: &str) -> Result<Rules> {
    let mut rules = Rules::new();
    for line in list.lines() {
        let rule = line.split_whitespace().next().unwrap_or_default();
        if rule.is_empty() || rule.starts_with("//") {
            continue;
        }
        let (name, flag) = if let Some(name) = rule.strip_prefix("*.") {
            (name, WILDCARD)
        } else if let Some(name) = rule.strip_prefix('!') {
            (name, EXCEPTION)
        } else {
            (rule, SUFFIX)
        };
        if name.contains('*') {
            return Err(format!("unsupported wildcard inside a rule: {rule}").into());
        }
        let labels: Vec<String> = name.rsplit('.').map(ascii).collect::<Result<_>>()?;
        for depth in 1..labels.len() {
            *rules.entry(labels[..depth].join(".")).or_default() |= DEEPER;
        }
        *rules.entry(labels.join(".")).or_default() |= flag;
        if flag == WILDCARD {
            *rules.entry(labels.join(".")).or_default() |= DEEPER;
        }
    }
    if rules.len() < 5_000 {
        return Err("the public suffix list is incomplete: fewer than 5,000 rules".into());
    }
    Ok(rules)
}

/// Whether `host` itself is a public suffix.
pub(crate) fn is_suffix(rules: &Rules, host: &str) -> bool {
    let key: Vec<&str> = host.rsplit('.').collect();
    rules.get(&key.join(".")).is_some_and(|flags| flags & SUFFIX != 0)
}

pub(crate) fn pack(rules: &Rules) -> Result<Packed> {
    let mut packed = Packed { records: Vec::new(), blocks: Vec::new(), longest: 0 };
    let mut before = "";
    for (index, (key, flags)) in rules.iter().enumerate() {
        if index % BLOCK == 0 {
            packed.blocks.push(packed.records.len());
            before = "";
        }
        let shared = before.bytes().zip(key.bytes()).take_while(|(a, b)| a == b).count();
        packed.records.push(u8::try_from(shared)?);
        packed.records.push(u8::try_from(key.len() - shared)?);
        packed.records.push(*flags);
        packed.records.extend_from_slice(&key.as_bytes()[shared..]);
        packed.longest = packed.longest.max(key.len());
        before = key;
    }
    Ok(packed)
}

impl Packed {
    pub(crate) fn code(&self) -> String {
        let mut code = String::new();
        let _ = write!(
            code,
            "pub(crate) static SUFFIX_RECORDS: &[u8] = \
             include_bytes!(concat!(env!(\"OUT_DIR\"), \"/suffixes.bin\"));\n\
             pub(crate) const LONGEST_SUFFIX: usize = {};\n\
             pub(crate) static SUFFIX_BLOCKS: &[u32] = &{:?};\n",
            self.longest, self.blocks
        );
        code
    }
}

/// Converts a label to ASCII.
fn ascii(label: &str) -> Result<String> {
    if label.is_ascii() {
        return Ok(label.to_ascii_lowercase());
    }
    let mut out = String::from("xn--");
    punycode::encode(&label.to_lowercase(), &mut out).ok_or_else(|| format!("{label} has no ASCII form"))?;
    Ok(out)
}

#[path = "../src/punycode.rs"]
mod punycode;
