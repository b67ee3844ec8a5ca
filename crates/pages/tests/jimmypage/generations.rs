//! What a write outdates, and what it does not.

use std::time::Duration;

use freshen_core::store::MemoryStore;
use freshen_core::{Cache, Clock, Job, Load, Loaded, Policy, PolicyBuilder, Status, Strength};
use freshen_pages::{CacheSettings, PageAt, Settings};
use serde::{Deserialize, Serialize};

use crate::origin::answer;
use crate::site::{pass, settle, site, site_over, site_with};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const YEAR: &str = "200 | cache-control: max-age=31536000";

/// A job of the application's own.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Menu;

impl Job for Menu {
    type Output = u32;
    type Error = std::convert::Infallible;
    type State = ();
    const NAME: &'static str = "menu";
    const NAMESPACE: &'static str = "default";

    fn policy() -> PolicyBuilder {
        Policy::builder()
    }

    async fn load(&self, _load: Load<'_, Self>) -> Result<Loaded<u32>, Self::Error> {
        Ok(7.into())
    }
}

/// What is in the store beside the pages is not touched with them.
#[tokio::test(start_paused = true)]
async fn pages_have_a_namespace_of_their_own_beside_the_applications_jobs() {
    let site = site_over(Cache::builder().clock(Clock::runtime()).job::<Menu>(), Settings::default()).await;
    site.origin.answers(|_| answer(&format!("{YEAR} | hello")));
    site.get("GET /a").await;
    site.pages.cache().get(&Menu).await.unwrap();
    site.pages.cache().invalidate_namespace(PageAt::NAMESPACE, Strength::Hard).await.unwrap();
    assert!(!site.get("GET /a").await.is_hit());
    assert_eq!(site.pages.cache().get(&Menu).await.unwrap().status(), Status::Hit);
}

/// There is no reason to make it again before that.
#[tokio::test(start_paused = true)]
async fn a_page_that_may_be_old_is_served_until_a_write_is_told() {
    let site = site_with(Settings::default()).await;
    site.origin.answers(|_| answer(&format!("{YEAR} | old")));
    site.get("GET /a").await;
    pass(DAY).await;
    assert!(site.get("GET /a").await.is_hit());
    settle().await;
    assert_eq!(site.origin.count(), 1);
    site.origin.answers(|_| answer(&format!("{YEAR} | new")));
    site.pages.wrote(&["posts"]).await.unwrap();
    assert_eq!(site.get("GET /a").await.text, "old", "nobody waits");
    settle().await;
    assert_eq!((site.get("GET /a").await.text.as_str(), site.origin.count()), ("new", 2));
}

/// Writes come faster than pages are made: there is no number of them after which nothing is served.
#[tokio::test(start_paused = true)]
async fn the_previous_page_is_served_however_many_writes_there_were() {
    let site = site_with(Settings::default()).await;
    site.origin.answers(|_| answer(&format!("{YEAR} | old")));
    site.get("GET /a").await;
    site.origin.answers(|_| answer(&format!("{YEAR} | new"))).takes(20 * SECOND);
    for _ in 0..100 {
        site.pages.wrote(&["posts"]).await.unwrap();
        assert_eq!(site.get("GET /a").await.text, "old");
        pass(SECOND / 10).await;
    }
    pass(60 * SECOND).await;
    assert_eq!(site.get("GET /a").await.text, "new");
    assert!(site.origin.count() <= 3, "{}", site.origin.count());
}

#[tokio::test(start_paused = true)]
async fn a_write_of_which_no_page_was_made_does_no_harm() {
    let site = site().await;
    site.pages.wrote(&["posts"]).await.unwrap();
    site.pages.wrote(&[]).await.unwrap();
    site.pages.wrote(&["a table that is nowhere", "", &"x".repeat(10_000)]).await.unwrap();
    site.origin.answers(|_| answer(&format!("{YEAR} | hello")));
    site.get("GET /a").await;
    assert!(site.get("GET /a").await.is_hit());
}

#[test]
fn no_table_is_excluded_unless_it_is_named() {
    assert!(CacheSettings::default().excluded_tables.is_empty());
}

/// A deployment, a process that is recycled: what is kept stays.
#[tokio::test(start_paused = true)]
async fn a_start_outdates_nothing() {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).build().unwrap();
    let start = || site_over(Cache::builder().clock(clock.clone()).store(store.clone()), Settings::default());
    let before = start().await;
    before.origin.answers(|_| answer(&format!("{YEAR} | hello")));
    before.get("GET /a").await;
    drop(before);
    let after = start().await;
    let got = after.get("GET /a").await;
    assert_eq!((got.text.as_str(), got.is_hit(), after.origin.count()), ("hello", true, 0));
}

/// Whatever numbers come next: a page that was made before the store lost its generations is never current again.
#[tokio::test(start_paused = true)]
async fn what_was_made_under_a_lost_generation_never_comes_back() {
    let clock = Clock::runtime();
    let store = MemoryStore::builder(clock.clone()).build().unwrap();
    let builder = || Cache::builder().clock(clock.clone()).store(store.clone());
    let first = site_over(builder(), Settings::default()).await;
    first.origin.answers(|_| answer(&format!("{YEAR} | old")));
    for _ in 0..3 {
        first.get("GET /a").await;
        first.pages.wrote(&["posts"]).await.unwrap();
        settle().await;
    }
    drop(first);
    store.forget_clock();
    let site = site_over(builder(), Settings::default()).await;
    site.origin.answers(|_| answer(&format!("{YEAR} | new")));
    for _ in 0..10 {
        let got = site.get("GET /a").await;
        assert_eq!(got.text, "new", "{}", got.told());
        site.pages.wrote(&["posts"]).await.unwrap();
        settle().await;
    }
}

/// SQL that nobody tells of outdates nothing. What is served too long for that has too long a lifetime.
#[tokio::test(start_paused = true)]
async fn a_write_that_nobody_tells_shows_when_the_lifetime_ends() {
    let site = site().await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | old"));
    site.get("GET /a").await;
    site.origin.answers(|_| answer("200 | cache-control: max-age=60 | new"));
    pass(59 * SECOND).await;
    assert_eq!(site.get("GET /a").await.text, "old");
    pass(SECOND).await;
    assert_eq!(site.get("GET /a").await.text, "new");
}

/// A page is made of what was there before a commit, and is ready after it. It came too early to be kept as current.
#[tokio::test(start_paused = true)]
async fn a_page_that_was_being_made_when_a_write_was_told_is_made_again() {
    let site = site_with(Settings::default()).await;
    site.origin.then(|_| async {
        pass(2 * SECOND).await;
        Ok(answer(&format!("{YEAR} | old")))
    });
    site.origin.answers(|_| answer(&format!("{YEAR} | new")));
    let early = site.getting("GET /a");
    pass(SECOND).await;
    site.pages.wrote(&["posts"]).await.unwrap();
    early.await.unwrap();
    pass(5 * SECOND).await;
    site.get("GET /a").await;
    settle().await;
    for _ in 0..3 {
        let got = site.get("GET /a").await;
        assert_eq!((got.text.as_str(), got.is_hit()), ("new", true));
    }
}
