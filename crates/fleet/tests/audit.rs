//! The auditor finds nothing in a fleet as it is, and finds what is planted.

use std::time::Duration;

use freshen_fleet::audit::{Audit, Fault, Report, Servers};
use freshen_fleet::{Defect, Program};

async fn run(audit: Audit) -> Report {
    let report = audit.run(&Program::new(env!("CARGO_BIN_EXE_freshen-member"), &[])).await;
    println!("{report}");
    report
}

/// So many seconds, and so many in the long form.
fn span(seconds: u64, long: u64) -> Duration {
    Duration::from_secs(if std::env::var_os("FRESHEN_LONG").is_some() { long } else { seconds })
}

fn assert_clean(report: &Report) {
    assert!(report.is_clean(), "{report}");
    assert!(report.read_count() > 500 && report.values_seen > 100, "it covered too little:\n{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_all_faults_of_one_server_nothing_is_found() {
    let report = run(Audit::new(span(40, 600))).await;
    assert_clean(&report);
    assert!(report.faults.len() == 6, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_failovers_of_sentinels_nothing_is_found() {
    let faults = vec![Fault::Failover, Fault::Kill, Fault::Flush];
    let report = run(Audit { servers: Servers::Sentinel, faults, ..Audit::new(span(25, 200)) }).await;
    assert_clean(&report);
    assert!(report.faults[&Fault::Failover] > 0, "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_failovers_of_a_cluster_and_slots_that_move_nothing_is_found() {
    let faults = vec![Fault::Failover, Fault::Move, Fault::Kill];
    let report = run(Audit { servers: Servers::Cluster, faults, ..Audit::new(span(25, 200)) }).await;
    assert_clean(&report);
    assert!(report.faults[&Fault::Failover] > 0 && report.faults[&Fault::Move] > 0, "{report}");
}

/// Where nothing goes wrong, no task is lost: whatever is outdated is fresh long before others may ask for it again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_faults_no_task_leaves_its_marker_behind() {
    let (task_deadline, fresh_again) = (Duration::from_secs(120), Duration::from_secs(20));
    let audit = Audit { faults: Vec::new(), keys: 80, task_deadline, fresh_again, ..Audit::new(span(15, 60)) };
    assert_clean(&run(audit).await);
}

/// Loads are slow and keys few here, so that puts take keys over while they are loaded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_without_the_token_is_found() {
    let audit = Audit { keys: 12, load: Duration::from_millis(200), ..planted(Defect::IgnoresTokens) };
    found(audit, |report| report.backwards.count > 0 && report.outdated.count > 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mark_that_is_lost_is_found() {
    found(planted(Defect::LosesMarks), |report| report.outdated.count > 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_lost_unseen_is_found() {
    found(planted(Defect::LosesMessages), |report| report.outdated.count > 0).await;
}

/// Without other faults, so that what is found was planted.
fn planted(defect: Defect) -> Audit {
    let (faults, fresh_again) = (Vec::new(), Duration::from_secs(2));
    Audit { faults, fresh_again, keys: 80, defect: Some(defect), ..Audit::new(Duration::from_secs(8)) }
}

/// Chance may let one run pass, but not five of different seeds.
async fn found(audit: Audit, finds: impl Fn(&Report) -> bool) {
    for _ in 0..5 {
        if finds(&run(Audit { seed: fastrand::u64(..), ..audit.clone() }).await) {
            return;
        }
    }
    panic!("it was not found");
}
