//! What a page in the cache weighs: resident memory of the site that holds many, beside what a site without a cache takes for
//! having made as many.

use std::time::Duration;

use clap::ValueEnum;

use super::site::Standing;
use super::visitors::{self, Visit};
use super::{Server, started};
use crate::Failure;

const BYTES: usize = 2 << 10;
const CONNECTIONS: u16 = 16;

/// Measures and prints.
pub fn measure(pages: u32) -> Result<(), Failure> {
    println!(
        "Resident bytes for each page in the cache, of {pages} pages of {BYTES} bytes, the page's own included: what the site\n\
         took while it was asked for them, less what the bare one took\n"
    );
    let mut bare = 0;
    for server in Server::value_variants() {
        eprintln!("memory: {}", server.name());
        let taken = taken(*server, pages)?;
        if !server.caches() {
            bare = taken;
            continue;
        }
        println!("{:<24}{:>10.0}", server.name(), taken.saturating_sub(bare) as f64 / f64::from(pages));
    }
    println!("\nThe bare site took {} bytes in all.", bare);
    Ok(())
}

/// How many resident bytes more a site has once it was asked for so many pages. Then each is in its cache, if it has one.
fn taken(server: Server, pages: u32) -> Result<u64, Failure> {
    let mut site = started(server, BYTES)?;
    let visit = Visit { address: site.address, connections: CONNECTIONS, bytes: BYTES };
    // What first requests make once and for all counts for nobody.
    visitors::ask(visit, Duration::from_millis(200))?;
    let before: Standing = site.order("stand")?;
    visitors::ask_each(visit, pages)?;
    let full: Standing = site.order("stand")?;
    visitors::ask_each(visit, pages)?;
    let after: Standing = site.order("stand")?;
    if server.caches() && after.made != full.made {
        let again = after.made - full.made;
        return Err(format!("{}: {again} of {pages} pages were made again", server.name()).into());
    }
    Ok(full.resident_bytes.saturating_sub(before.resident_bytes))
}
