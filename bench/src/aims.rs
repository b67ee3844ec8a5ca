//! What Freshen promises about a hit, judged by the results.

use std::fmt::Write;

use crate::peers::YARDSTICK;
use crate::summary::Measured;
use crate::workload::ROWS;

/// The names under which Freshen's own reads are measured.
const GET: &str = "freshen_get";
const GET_WITH: &str = "freshen_get_with";

/// Every aim and whether it is met, one line each.
pub fn report(measured: &[Measured]) -> String {
    let mut text = String::from("Aims\n\n");
    for aim in judge(measured) {
        writeln!(text, "{:<14}{}", aim.verdict.to_string(), aim.sentence).expect("a String takes every write");
        aim.against.iter().for_each(|fact| writeln!(text, "{:<14}  {fact}", "").expect("a String takes every write"));
    }
    text
}

/// Aims that were judged where they were measured: each met or missed, one line each.
pub fn list(judged: &[(bool, String)]) -> String {
    let line = |(met, sentence): &(bool, String)| {
        let verdict = if *met { Verdict::Met } else { Verdict::Missed };
        format!("{:<14}{sentence}\n", verdict.to_string())
    };
    format!("Aims\n\n{}", judged.iter().map(line).collect::<String>())
}

struct Aim {
    sentence: &'static str,
    verdict: Verdict,
    /// The results that stand against it.
    against: Vec<String>,
}

#[derive(Debug, PartialEq)]
enum Verdict {
    Met,
    Missed,
    NotMeasured,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::NotMeasured => "not measured",
        })
    }
}

type Objections = fn(&Measured, &[Measured]) -> Vec<String>;

const AIMS: [(&str, &str, Objections); 4] = [
    ("get costs at most twice quick_cache's read, in every column", GET, above_twice_the_yardstick),
    ("get costs at most 40 ns on a hot key with one thread", GET, above_40_nanos_when_hot),
    ("get_with costs less than the read of any other whole cache, in every column", GET_WITH, others_as_cheap),
    ("an entry takes at most 200 bytes more than in quick_cache", GET, above_200_bytes_more),
];

fn judge(measured: &[Measured]) -> Vec<Aim> {
    let judged = |(sentence, subject, objections): (&'static str, &str, Objections)| match find(measured, subject) {
        None => Aim { sentence, verdict: Verdict::NotMeasured, against: Vec::new() },
        Some(subject) => {
            let against = objections(subject, measured);
            let verdict = if against.is_empty() { Verdict::Met } else { Verdict::Missed };
            Aim { sentence, verdict, against }
        }
    };
    AIMS.into_iter().map(judged).collect()
}

fn above_twice_the_yardstick(get: &Measured, _: &[Measured]) -> Vec<String> {
    let rows = ROWS.iter().zip(&get.cells).filter(|(_, cell)| cell.ratio > 2.0);
    rows.map(|(row, cell)| format!("{}: {:.2} times", row.title(), cell.ratio)).collect()
}

fn above_40_nanos_when_hot(get: &Measured, _: &[Measured]) -> Vec<String> {
    let hot = get.cells.first().filter(|cell| cell.nanos > 40.0);
    hot.map(|cell| format!("{:.0} ns", cell.nanos)).into_iter().collect()
}

/// quick_cache itself is the engine beneath, not a whole cache: it decides nothing about a value's age.
fn others_as_cheap(get_with: &Measured, measured: &[Measured]) -> Vec<String> {
    let others = measured.iter().filter(|peer| ![YARDSTICK, GET, GET_WITH].contains(&peer.name));
    let compared = others.flat_map(|peer| {
        ROWS.iter().zip(peer.cells.iter().zip(&get_with.cells)).map(move |(row, cells)| (peer, row, cells))
    });
    let cheap = compared.filter(|(_, _, (other, own))| other.nanos <= own.nanos);
    cheap
        .map(|(peer, row, (other, own))| {
            format!("{}: {} takes {:.0} ns, we take {:.0}", row.title(), peer.name, other.nanos, own.nanos)
        })
        .collect()
}

fn above_200_bytes_more(get: &Measured, measured: &[Measured]) -> Vec<String> {
    let yardstick = find(measured, YARDSTICK).map_or(0.0, |peer| peer.bytes_per_entry);
    let more = get.bytes_per_entry - yardstick;
    (more > 200.0).then(|| format!("{more:.0} bytes more")).into_iter().collect()
}

fn find<'a>(measured: &'a [Measured], name: &str) -> Option<&'a Measured> {
    measured.iter().find(|peer| peer.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Cell;

    fn peer(name: &'static str, nanos: f64, bytes_per_entry: f64) -> Measured {
        let cell = Cell { nanos, ratio: nanos / 15.0, noisy: false };
        Measured { name, read: "", bytes_per_entry, cells: vec![cell; ROWS.len()] }
    }

    fn verdicts(get: Measured, get_with: Measured) -> Vec<Verdict> {
        let all = [peer(YARDSTICK, 15.0, 1_100.0), peer("moka", 100.0, 1_300.0), get, get_with];
        judge(&all).into_iter().map(|aim| aim.verdict).collect()
    }

    #[test]
    fn at_the_bound_an_aim_is_met() {
        let found = verdicts(peer(GET, 30.0, 1_300.0), peer(GET_WITH, 99.0, 1_300.0));
        assert_eq!(found, [Verdict::Met, Verdict::Met, Verdict::Met, Verdict::Met]);
    }

    #[test]
    fn beyond_the_bound_an_aim_is_missed() {
        let found = verdicts(peer(GET, 41.0, 1_301.0), peer(GET_WITH, 100.0, 1_301.0));
        assert_eq!(found, [Verdict::Missed, Verdict::Missed, Verdict::Missed, Verdict::Missed]);
    }

    #[test]
    fn without_freshen_nothing_is_judged() {
        let all = [peer(YARDSTICK, 15.0, 1_100.0)];
        assert!(judge(&all).iter().all(|aim| aim.verdict == Verdict::NotMeasured));
    }
}
