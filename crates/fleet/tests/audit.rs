//! The auditor finds nothing in a fleet as it is, and finds what is planted.

use std::time::Duration;

use freshen_fleet::audit::{Audit, Fault, Report, Servers};
use freshen_fleet::{Defect, Program};

async fn run(audit: Audit) -> Report {
    let report = audit.run(&Program::new(env!("CARGO_BIN_EXE_freshen-member"), &[])).await;
    println!("{report}");
    report
}

/// So many seconds; ten minutes in the long form.
fn span(seconds: u64) -> Duration {
    Duration::from_secs(if std::env::var_os("FRESHEN_LONG").is_some() { 600 } else { seconds })
}

fn assert_clean(report: &Report) {
    assert!(report.is_clean(), "{report}");
    assert!(report.read_count() > 1000 && report.values_seen > 100, "it covered too little:\n{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_all_faults_of_one_server_nothing_is_found() {
    let report = run(Audit::new(span(40))).await;
    assert_clean(&report);
    assert!(report.faults.values().sum::<u64>() >= 5, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_failovers_of_sentinels_nothing_is_found() {
    assert_clean(&run(Audit { servers: Servers::Sentinel, ..Audit::new(span(25)) }).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_failovers_of_a_cluster_and_slots_that_move_nothing_is_found() {
    let faults = vec![Fault::Failover, Fault::Move, Fault::Move, Fault::Kill, Fault::Cut, Fault::Flush];
    let audit = Audit { servers: Servers::Cluster, faults, ..Audit::new(span(25)) };
    assert_clean(&run(audit).await);
}

/// Loads are slow and keys few here, so that puts take keys over while they are loaded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_without_the_token_is_found() {
    let report = run(Audit { keys: 12, load: Duration::from_millis(200), ..planted(Defect::IgnoresTokens) }).await;
    assert!(report.backwards.count > 0 && report.outdated.count > 0, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mark_that_is_lost_is_found() {
    let report = run(planted(Defect::LosesMarks)).await;
    assert!(report.outdated.count > 0, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_lost_unseen_is_found() {
    let report = run(planted(Defect::LosesMessages)).await;
    assert!(report.outdated.count > 0, "{report}");
}

/// Without other faults, so that what is found was planted.
fn planted(defect: Defect) -> Audit {
    let (faults, fresh_again) = (Vec::new(), Duration::from_secs(2));
    Audit { faults, fresh_again, keys: 80, defect: Some(defect), ..Audit::new(Duration::from_secs(10)) }
}
