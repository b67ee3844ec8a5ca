//! From the visits of several rounds to one figure per cell.

use crate::peers::{Listed, YARDSTICK};
use crate::visit::Visit;
use crate::workload::ROWS;

/// What was found about one peer.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    pub name: &'static str,
    pub read: &'static str,
    /// Resident bytes per entry.
    pub bytes_per_entry: f64,
    /// One for each of [`ROWS`].
    pub cells: Vec<Cell>,
}

/// CPU time of one read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    pub nanos: f64,
    /// As a multiple of the yardstick's, each round compared with itself.
    pub ratio: f64,
    /// Whether the middle half of the rounds lies further apart than a fifth of the median.
    pub noisy: bool,
}

/// One [`Measured`] per peer. `visits` holds, for each peer, its visit in each round; the yardstick is among the peers.
pub fn summarise(peers: &[&'static Listed], visits: &[Vec<Visit>]) -> Vec<Measured> {
    let yardstick = peers.iter().position(|peer| peer.name == YARDSTICK).expect("the yardstick is always visited");
    let measured = |(peer, own): (&&'static Listed, &Vec<Visit>)| Measured {
        name: peer.name,
        read: peer.read,
        bytes_per_entry: median(own.iter().map(|visit| visit.bytes_per_entry).collect()),
        cells: (0..ROWS.len()).map(|row| cell(own, &visits[yardstick], row)).collect(),
    };
    peers.iter().zip(visits).map(measured).collect()
}

fn cell(own: &[Visit], yardstick: &[Visit], row: usize) -> Cell {
    let mut nanos: Vec<f64> = own.iter().map(|visit| visit.nanos[row]).collect();
    let ratios = own.iter().zip(yardstick).map(|(own, yardstick)| own.nanos[row] / yardstick.nanos[row]);
    nanos.sort_by(f64::total_cmp);
    let quarter = nanos.len() / 4;
    let apart = nanos[nanos.len() - 1 - quarter] - nanos[quarter];
    let ratio = median(ratios.collect());
    let nanos = median(nanos);
    Cell { nanos, ratio, noisy: apart > nanos / 5.0 }
}

/// The middle one; of an even number, the mean of the middle two.
pub fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    (all[(all.len() - 1) / 2] + all[all.len() / 2]) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visits(nanos: &[f64]) -> Vec<Visit> {
        nanos.iter().map(|&nanos| Visit { bytes_per_entry: 0.0, nanos: vec![nanos] }).collect()
    }

    #[test]
    fn a_slow_round_changes_neither_the_median_nor_the_ratio() {
        let cell = cell(&visits(&[20.0, 22.0, 90.0, 21.0, 20.0]), &visits(&[10.0, 11.0, 45.0, 10.5, 10.0]), 0);
        assert_eq!(cell, Cell { nanos: 21.0, ratio: 2.0, noisy: false });
    }

    #[test]
    fn rounds_that_disagree_are_marked() {
        let cell = cell(&visits(&[20.0, 30.0, 40.0, 50.0, 60.0]), &visits(&[10.0; 5]), 0);
        assert!(cell.noisy);
    }

    #[test]
    fn the_median_of_an_even_number_is_the_mean_of_the_middle_two() {
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.5);
    }
}
