//! Resident memory of this process.

use std::fs;

use crate::Failure;

/// What of this process is in memory now, in bytes.
#[derive(Clone, Copy)]
pub struct Resident {
    /// The process's own: what was allocated, stacks, and what the allocator holds back.
    pub own: u64,
    /// Pages of files, above all of the program's code as far as it has run. The kernel reads and drops them as it likes.
    pub files: u64,
}

impl Resident {
    pub fn now() -> Result<Resident, Failure> {
        let statm = fs::read_to_string("/proc/self/statm")?;
        let pages = |at: usize| -> Result<u64, Failure> {
            let pages = statm.split_whitespace().nth(at).ok_or("/proc/self/statm has too few fields")?;
            Ok(pages.parse::<u64>()? * rustix::param::page_size() as u64)
        };
        let (whole, files) = (pages(1)?, pages(2)?);
        Ok(Resident { own: whole.saturating_sub(files), files })
    }

    /// What has come since.
    pub fn since(self, before: Resident) -> Resident {
        let own = self.own.saturating_sub(before.own);
        Resident { own, files: self.files.saturating_sub(before.files) }
    }
}
