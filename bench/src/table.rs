//! How results are printed.

use std::fmt::Write;

use crate::summary::{Cell, Measured};
use crate::workload::ROWS;

/// CPU time per read: a line per peer, a column for each workload and number of threads.
pub fn time(measured: &[Measured]) -> String {
    let mut text = String::from("CPU nanoseconds per read, and as a multiple of quick_cache's\n\n");
    let headings = ROWS.map(|row| format!("{:>17}", row.title())).concat();
    line(&mut text, format_args!("{:<16}{headings}  read by", "keys, threads"));
    for peer in measured {
        let cells: String = peer.cells.iter().map(cell).collect();
        line(&mut text, format_args!("{:<16}{cells}  {}", peer.name, peer.read));
    }
    text
}

/// Resident bytes per entry.
pub fn memory(measured: &[Measured]) -> String {
    let mut text = String::from("Resident bytes per entry, of which 1024 are the value\n\n");
    for peer in measured {
        line(&mut text, format_args!("{:<16}{:>10.0}", peer.name, peer.bytes_per_entry));
    }
    text
}

fn cell(cell: &Cell) -> String {
    let mark = if cell.noisy { "~" } else { "" };
    format!("{:>10}{:>7}", format!("{mark}{:.0}", cell.nanos), format!("{:.1}x", cell.ratio))
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("a String takes every write");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_noisy_cell_is_marked() {
        assert_eq!(cell(&Cell { nanos: 14.2, ratio: 1.0, noisy: true }), "       ~14   1.0x");
        assert_eq!(cell(&Cell { nanos: 14.2, ratio: 1.0, noisy: false }), "        14   1.0x");
    }
}
