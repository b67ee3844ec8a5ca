//! What the page says in sentences, for those who read it without a script, in a script, or as data.

use serde::Serialize;

use crate::demo::hand::InHand;
use crate::demo::list_page::LastAnswer;
use crate::demo::loads::{CutTold, LoadTold};
use crate::demo::page::Span;
use crate::demo::stats::Spread;
use crate::demo::switches::Standing;
use crate::demo::tally::Counts;
use crate::demo::view::{Outcome, Served, View};

/// A view in words. What there is nothing to say about is empty. The names are those of `/state.json`.
#[derive(Debug, Default, Serialize)]
pub struct Words {
    /// The status, or that there is none.
    pub status: String,
    /// Who answered, and who had loaded it; only of a fleet.
    pub by: String,
    pub age: String,
    pub waited: String,
    /// The rule that decided, or which error it was.
    pub rule: String,
    /// Why it was served, or why not and what to do.
    pub why: String,
    /// The last failed load, if none was good since.
    pub trouble: String,
    /// Where the age of the value in hand stands.
    pub in_hand: String,
    /// How the list's own page was answered last.
    pub list_page: String,
    /// How long callers waited, against how long loads took.
    pub times: String,
    pub source: &'static str,
    pub workers: &'static str,
    /// How many requests there were against how many loads; only of a fleet.
    pub fleet: String,
    /// Which marks are whose; only of a fleet.
    pub lanes: &'static str,
    /// The newest loads, the newest first.
    pub loads: Vec<String>,
    /// The newest load that was cut off, and what became of the list.
    pub cut: String,
}

impl Words {
    /// Of this view.
    pub fn of(view: &View) -> Words {
        Words {
            status: status(&view.outcome).into(),
            by: by(view),
            age: age(&view.outcome),
            waited: format!("waited {}", Span(view.waited_ms)),
            rule: rule(&view.outcome).to_owned(),
            why: why(&view.outcome, view.loads_under_way),
            trouble: trouble(view),
            in_hand: in_hand(view.in_hand.as_ref(), view.store_answers),
            list_page: list_page(view.list_page.as_ref()),
            times: times(&view.numbers.waits, &view.numbers.load_times),
            source: source(view.switches),
            workers: workers(view),
            fleet: fleet(view),
            lanes: if view.fleet.is_some() { "Above, answers by web 1; below, by web 2." } else { "" },
            loads: view.loads.iter().map(load).collect(),
            cut: view.cut.as_ref().map(|cut| told_of(cut, &view.loads, view.in_hand.as_ref())).unwrap_or_default(),
        }
    }
}

fn status(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Served(served) => served.status.as_str(),
        Outcome::Refused(refused) => match &*refused.error {
            "no-web" => "nobody to ask",
            "no-answer" => "nobody answers",
            "too-many" => "too many ask",
            _ => "nothing in hand",
        },
    }
}

fn by(view: &View) -> String {
    match (&view.fleet, view.by, &view.outcome) {
        (Some(_), Some(by), Outcome::Served(served)) => format!("by {by}, loaded by {}", served.loaded_by.name()),
        (Some(_), Some(by), Outcome::Refused(_)) => format!("by {by}"),
        _ => String::new(),
    }
}

fn age(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Served(served) => format!("{} old", Span(served.age_ms)),
        Outcome::Refused(_) => String::new(),
    }
}

fn rule(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Served(served) => served.rule.as_str(),
        Outcome::Refused(refused) => &refused.error,
    }
}

fn why(outcome: &Outcome, loads_under_way: usize) -> String {
    let under_way = if loads_under_way > 0 { " A load is under way now." } else { "" };
    match outcome {
        Outcome::Served(Served { why, .. }) => format!("Served because {why}.{under_way}"),
        Outcome::Refused(refused) => format!(
            "There is no list to serve: {}. It is tried again in {} s, and this page looks again by itself.{under_way}",
            refused.reason,
            refused.retry_after_secs()
        ),
    }
}

fn trouble(view: &View) -> String {
    match (&view.numbers.trouble, &view.outcome) {
        (Some(trouble), Outcome::Served(_)) => format!(
            "The last load failed {} ago: {}. Readers still get the list.",
            Span(trouble.ago_ms),
            trouble.reason
        ),
        _ => String::new(),
    }
}

fn in_hand(in_hand: Option<&InHand>, store_answers: Option<bool>) -> String {
    let Some(InHand { age_ms, ttl_ms, window, invalidated, asked_for, .. }) = in_hand else {
        return match store_answers {
            Some(true) => "The store has no list.",
            Some(false) => "The store cannot be reached: each process loads for itself.",
            None => "No process tells what the store has.",
        }
        .into();
    };
    let stands = match (invalidated.as_deref(), &**window) {
        (Some("hard"), _) => "It was invalidated hard, so it is served to nobody".to_owned(),
        (Some(_), _) => "It was invalidated softly, so it is stale before its time".to_owned(),
        (None, "fresh") => format!("It is fresh for {} more", Span(ttl_ms - age_ms)),
        (None, "stale") => "It is stale, and served while it is loaded again".to_owned(),
        (None, "stale-if-error") => "It is served only where a load fails or takes too long".to_owned(),
        (None, _) => "Its last window is over".to_owned(),
    };
    let asked_for = if *asked_for { "; its refresh was asked for" } else { "" };
    format!("The list in the store is {} old. {stands}{asked_for}.", Span(*age_ms))
}

fn list_page(last: Option<&LastAnswer>) -> String {
    let Some(LastAnswer { status, age_secs, waited_ms, .. }) = last else {
        return "Nobody has asked for it yet.".into();
    };
    let age = age_secs.map(|age| format!(", {age} s old")).unwrap_or_default();
    format!("Answered last with {status} after {}{age}.", Span(*waited_ms))
}

fn times(waits: &Spread, load_times: &Spread) -> String {
    match (waits.count, load_times.count) {
        (0, _) | (_, 0) => "Nothing to compare yet.".into(),
        _ => format!(
            "Half of the callers waited no longer than {}, half of the loads took {} or more.",
            Span(waits.median_ms),
            Span(load_times.median_ms)
        ),
    }
}

fn workers(view: &View) -> &'static str {
    match &view.fleet {
        _ if view.workers_frozen => "frozen",
        Some(fleet) => fleet.workers(),
        None => "working",
    }
}

fn fleet(view: &View) -> String {
    let Some(fleet) = &view.fleet else { return String::new() };
    let Counts { loads, .. } = view.numbers.counts;
    let some = |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (requests, loads) = (some(fleet.requests, "request"), some(loads.begun, "load"));
    format!("{requests} and {loads} of one key, in {} processes.", fleet.members.len())
}

fn load(load: &LoadTold) -> String {
    let LoadTold { by, ago_ms, end, took_ms, .. } = load;
    match (end, took_ms) {
        (Some(end), Some(took_ms)) => format!("{} ago, {by}: {end} after {}", Span(*ago_ms), Span(*took_ms)),
        _ => format!("{} ago, {by}: under way", Span(*ago_ms)),
    }
}

fn told_of(cut: &CutTold, loads: &[LoadTold], in_hand: Option<&InHand>) -> String {
    let killed = format!("{} was gone in the middle of a load", cut.by);
    if let (Some(again_ms), Some(by)) = (cut.again_ms, cut.again_by) {
        return format!("{killed}. {} later the list was fresh again, loaded by {by}.", Span(again_ms));
    }
    let ago = Span(cut.ago_ms);
    if let Some(load) = loads.iter().find(|load| load.end.is_none()) {
        return format!("{killed}, {ago} ago. Now {} loads.", load.by);
    }
    match in_hand.and_then(|in_hand| in_hand.lease_ms) {
        Some(lease_ms) => format!(
            "{killed}, {ago} ago. Its lease on the key has {} to run; then another loads. Until then the list in hand is served.",
            Span(lease_ms)
        ),
        None => format!("{killed}, {ago} ago. The next one loads."),
    }
}

fn source(standing: Standing) -> &'static str {
    match standing {
        Standing { slow: false, broken: false } => "as it is",
        Standing { slow: true, broken: false } => "slowed by 3 s",
        Standing { slow: false, broken: true } => "broken",
        Standing { slow: true, broken: true } => "slowed by 3 s, and broken",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hand(window: &'static str, invalidated: Option<&'static str>) -> InHand {
        let (ttl_ms, stale_while_revalidate_ms, stale_if_error_ms) = (5000.0, 1000.0, 1000.0);
        let age_ms = 1500.0;
        InHand {
            age_ms,
            ttl_ms,
            stale_while_revalidate_ms,
            stale_if_error_ms,
            window: window.into(),
            invalidated: invalidated.map(Into::into),
            asked_for: invalidated.is_some(),
            lease_ms: None,
        }
    }

    #[test]
    fn each_window_and_each_invalidation_has_its_words() {
        let fresh = "The list in the store is 1.5 s old. It is fresh for 3.5 s more.";
        assert_eq!(in_hand(Some(&hand("fresh", None)), Some(true)), fresh);
        let cases = [
            (None, Some(true)),
            (None, Some(false)),
            (None, None),
            (Some(hand("stale", None)), Some(true)),
            (Some(hand("stale-if-error", None)), Some(true)),
            (Some(hand("expired", None)), Some(true)),
            (Some(hand("fresh", Some("soft"))), Some(true)),
            (Some(hand("fresh", Some("hard"))), Some(true)),
        ];
        let words: std::collections::HashSet<_> =
            cases.iter().map(|(hand, answers)| in_hand(hand.as_ref(), *answers)).collect();
        assert_eq!(words.len(), cases.len());
    }
    #[test]
    fn what_became_of_a_load_that_was_cut_off_is_told() {
        let cut = CutTold { by: "worker 1", ago_ms: 2000.0, again_ms: None, again_by: None };
        let held = InHand { lease_ms: Some(12_000.0), ..hand("stale", None) };
        let said = told_of(&cut, &[], Some(&held));
        assert!(said.starts_with("worker 1 was gone in the middle of a load, 2 s ago. Its lease on the key has 12 s"));
        assert!(told_of(&cut, &[], Some(&hand("stale", None))).ends_with("2 s ago. The next one loads."));
        let running = LoadTold { n: 1, by: "worker 2", ago_ms: 100.0, end: None, took_ms: None };
        assert!(told_of(&cut, &[running], Some(&held)).ends_with("2 s ago. Now worker 2 loads."));
        let again = CutTold { again_ms: Some(14_200.0), again_by: Some("worker 2"), ..cut };
        let said = told_of(&again, &[], Some(&held));
        assert!(said.ends_with("load. 14.2 s later the list was fresh again, loaded by worker 2."), "{said}");
    }
}
