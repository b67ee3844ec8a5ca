//! Resident memory of this process.

use std::fs;

use crate::Failure;

/// Bytes of this process that are in memory now.
pub fn resident_bytes() -> Result<u64, Failure> {
    let statm = fs::read_to_string("/proc/self/statm")?;
    let pages = statm.split_whitespace().nth(1).ok_or("/proc/self/statm has no second field")?;
    Ok(pages.parse::<u64>()? * rustix::param::page_size() as u64)
}
