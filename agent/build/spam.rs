//! The list of referrer spammers as sorted hashes of five bytes.

use crate::{Result, fold};

/// One record of five bytes for each host, sorted.
pub(crate) fn pack(list: &str) -> Result<Vec<u8>> {
    let mut records = Vec::new();
    for host in list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if host.contains(['/', ' ', ':']) || !host.contains('.') {
            return Err(format!("spammers.txt: {host:?} is no host").into());
        }
        records.push(fold::host_hash(host));
    }
    let hosts = records.len();
    records.sort_unstable();
    records.dedup();
    if records.len() != hosts {
        return Err("spammers.txt: a host twice, or two hosts of one hash".into());
    }
    Ok(records.concat())
}
