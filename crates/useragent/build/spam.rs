//! Packs the list of referrer spammers: sorted hashes of five bytes, indexed by their first.

use crate::{Result, fold};

/// For each first byte the number of records that begin with a smaller one (257 numbers of two bytes, little-endian), then
/// the other four bytes of each record, sorted.
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
    let mut packed = Vec::new();
    for first in 0..=u8::MAX {
        let before = records.partition_point(|record| record.first() < Some(&first));
        packed.extend_from_slice(&u16::try_from(before)?.to_le_bytes());
    }
    packed.extend_from_slice(&u16::try_from(hosts)?.to_le_bytes());
    packed.extend(records.iter().flat_map(|record| &record[1..]));
    Ok(packed)
}
