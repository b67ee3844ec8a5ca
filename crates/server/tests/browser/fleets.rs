//! Two web processes and two workers on the page: killed and revived by buttons, and what it tells meanwhile.

use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::fleet::{member, pids};
use crate::keyboard::{ENTER, FOCUSED, SPACE, TAB};
use crate::looks::{contrast, fits_all_widths};
use crate::page::{Page, demo_of_four, until};

const PLACES: [(&str, &str); 4] =
    [("web-1", "web 1"), ("web-2", "web 2"), ("worker-1", "worker 1"), ("worker-2", "worker 2")];
/// What stands in the box of a process: name, state, and what its button says.
const BOX: &str = "const box = document.querySelectorAll('#members .member')[arguments[0]];
    return [...box.querySelectorAll('h3 *'), box.querySelector('button')].map((element) => element.textContent)";

async fn shows(page: &Page<'_>, n: usize, expected: [&str; 3]) {
    let what = format!("the box says {expected:?}");
    until(&what, async || (page.run(BOX, vec![json!(n)]).await == json!(expected)).then_some(())).await;
}

/// The console has nothing to complain about but answers of these statuses.
async fn complains_of(page: &Page<'_>, status: u16) {
    let said = page.chromium.console().await;
    let known = format!("the server responded with a status of {status}");
    assert!(!said.is_empty() && said.iter().all(|line| line.contains(&known)), "{said:?}");
}

pub async fn each_process_is_killed_and_revived_by_its_button(chromium: &Chromium) {
    let (_origin, freshen) = demo_of_four(&["one"]);
    let page = Page::open(chromium, &freshen).await;
    page.says("one-load", "of one key, in 4 processes.").await;
    for (n, (slug, name)) in PLACES.into_iter().enumerate() {
        shows(&page, n, [name, "alive", &format!("Kill {name}")]).await;
        let before = pids(&freshen.state());
        page.pressed(&format!("kill-{slug}"), &format!("{name} is killed: process {} is gone", before[n])).await;
        shows(&page, n, [name, "killed", &format!("Revive {name}")]).await;
        assert_eq!(member(&freshen.state(), n)["state"], "killed");
        page.pressed(&format!("revive-{slug}"), &format!("{name} is alive again, as process ")).await;
        shows(&page, n, [name, "alive", &format!("Kill {name}")]).await;
        let after = pids(&freshen.state());
        assert!(
            after[n] != before[n] && (0..4).filter(|m| after[*m] == before[*m]).count() == 3,
            "{before:?} {after:?}"
        );
    }
    page.is_content().await;
}

pub async fn answers_tell_who_gave_them_and_who_had_loaded(chromium: &Chromium) {
    let (_origin, freshen) = demo_of_four(&["one"]);
    let page = Page::open(chromium, &freshen).await;
    let told = page.pressed("burst", "200 requests at once: 200 hit. Answered 100 by web ").await;
    assert!(told.ends_with("No load ran."), "{told}");
    let lanes = "return ['.web-1', '.web-2'].map((web) => document.querySelectorAll('#marks ' + web).length)";
    until("both lanes have marks", async || {
        let lanes = page.run(lanes, vec![]).await;
        let counts: Vec<u64> = lanes.as_array()?.iter().filter_map(Value::as_u64).collect();
        (counts.iter().sum::<u64>() == 100 && counts.iter().all(|count| *count > 0)).then_some(())
    })
    .await;
    let loader = freshen.state()["loads"][0]["by"].as_str().unwrap().to_owned();
    let mark = page.says("mark", ", by web ").await;
    assert!(mark.ends_with(&format!(", loaded by {loader}.")), "{mark}");
    page.says("by", &format!("loaded by {loader}")).await;
    page.says("loads", &format!("{loader}: stored after ")).await;
    page.is_content().await;
}

pub async fn a_web_process_is_killed_under_200_requests(chromium: &Chromium) {
    let (origin, freshen) = demo_of_four(&["old"]);
    let page = Page::open(chromium, &freshen).await;
    origin.hold(true);
    origin.say(200, r#"["new"]"#);
    page.pressed("invalidate-hard", "invalidated hard").await;
    page.press("burst").await;
    until("the requests wait for the source", async || (origin.asked() > 1).then_some(())).await;
    page.pressed("kill-web-1", "web 1 is killed").await;
    origin.hold(false);
    let told = page.says("said", "A process was gone or silent before it answered 100, which were asked again.").await;
    assert!(told.contains("Answered 200 by web 2.") && !told.contains("refused"), "{told}");
    page.lists(&["new"]).await;
    page.is_content().await;
}

pub async fn a_worker_that_is_killed_while_it_loads_is_told_of_until_the_list_is_fresh_again(chromium: &Chromium) {
    let (origin, freshen) = demo_of_four(&["old"]);
    let page = Page::open(chromium, &freshen).await;
    origin.hold(true);
    origin.say(200, r#"["new"]"#);
    page.pressed("invalidate-softly", "invalidated softly").await;
    let loads = page.says("loads", ": under way").await;
    let (slug, name) = *PLACES[2..].iter().find(|(_, name)| loads.contains(&format!("{name}: under way"))).unwrap();
    page.pressed(&format!("kill-{slug}"), &format!("{name} is killed")).await;
    page.says("cut", &format!("{name} was gone in the middle of a load")).await;
    page.says("cut", "Its lease on the key has ").await;
    page.says("loads", &format!("{name}: cut off after ")).await;
    page.lists(&["old"]).await;
    origin.hold(false);
    page.says("cut", "later the list was fresh again, loaded by worker ").await;
    page.lists(&["new"]).await;
    page.is_content().await;
}

pub async fn with_no_web_process_the_page_says_so(chromium: &Chromium) {
    let (_origin, freshen) = demo_of_four(&["kept"]);
    let page = Page::open(chromium, &freshen).await;
    page.pressed("kill-web-1", "web 1 is killed").await;
    page.says("status", "hit").await;
    page.pressed("kill-web-2", "web 2 is killed").await;
    page.says("status", "nobody to ask").await;
    page.says("why", "no web process is up; revive one. ").await;
    page.is_content().await;
    for action in ["burst", "get", "invalidate-softly", "invalidate-hard"] {
        page.run("document.getElementById('said').textContent = ''", vec![]).await;
        page.pressed(action, "no web process is up; revive one").await;
        assert_eq!(page.run("return document.getElementById('said').className", vec![]).await, "said failed");
    }
    complains_of(&page, 503).await;
    page.pressed("revive-web-2", "web 2 is alive again").await;
    page.says("status", "hit").await;
    page.lists(&["kept"]).await;
    page.is_content().await;
}

pub async fn two_viewers_see_the_same_processes(chromium: &Chromium) {
    let (_origin, freshen) = demo_of_four(&["one"]);
    let one = Page::open(chromium, &freshen).await;
    let other = Page::open(chromium, &freshen).await;
    other.pressed("kill-worker-2", "worker 2 is killed").await;
    one.turn_to().await;
    shows(&one, 3, ["worker 2", "killed", "Revive worker 2"]).await;
    one.pressed("revive-worker-2", "worker 2 is alive again").await;
    other.turn_to().await;
    shows(&other, 3, ["worker 2", "alive", "Kill worker 2"]).await;
    other.is_content().await;
}

pub async fn tab_reaches_each_process_and_keys_kill_and_revive_it(chromium: &Chromium) {
    let (_origin, freshen) = demo_of_four(&["one"]);
    let page = Page::open(chromium, &freshen).await;
    page.run("document.querySelector('summary').focus()", vec![]).await;
    for (slug, _) in PLACES {
        page.key(TAB).await;
        assert_eq!(page.run(FOCUSED, vec![]).await, json!([format!("kill-{slug}"), true]));
    }
    page.key(ENTER).await;
    shows(&page, 3, ["worker 2", "killed", "Revive worker 2"]).await;
    // The focus stays where it was, though the button does something else now.
    assert_eq!(page.run(FOCUSED, vec![]).await, json!(["revive-worker-2", true]));
    page.says("said", "worker 2 is killed").await;
    page.key(SPACE).await;
    shows(&page, 3, ["worker 2", "alive", "Kill worker 2"]).await;
    page.is_content().await;
}

pub async fn no_width_needs_horizontal_scrolling(chromium: &Chromium) {
    let (_origin, freshen) = demo_of_four(&["one"]);
    let page = Page::open(chromium, &freshen).await;
    page.pressed("burst", "200 requests at once").await;
    page.pressed("kill-web-1", "web 1 is killed").await;
    shows(&page, 0, ["web 1", "killed", "Revive web 1"]).await;
    fits_all_widths(&page).await;
    page.is_content().await;
}

pub async fn all_text_has_a_contrast_of_4_5_in_both_themes(chromium: &Chromium) {
    let (origin, freshen) = demo_of_four(&["kept"]);
    let page = Page::open(chromium, &freshen).await;
    page.pressed("burst", "200 requests at once").await;
    assert!(contrast(&page, "all alive").await > 200, "too few texts were found");
    origin.hold(true);
    page.pressed("invalidate-softly", "invalidated softly").await;
    page.says("loads", ": under way").await;
    for (slug, name) in PLACES.into_iter().rev() {
        page.pressed(&format!("kill-{slug}"), &format!("{name} is killed")).await;
    }
    page.says("cut", "was gone in the middle of a load").await;
    page.says("status", "nobody to ask").await;
    contrast(&page, "all killed").await;
    page.is_content().await;
}
