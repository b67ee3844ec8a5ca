//! The system's documentation behind nginx: no byte is another than there.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::join_all;

use crate::both::assert_alike;
use crate::documents::{self, date, write};
use crate::nginx::Nginx;
use crate::visitor::Got;

/// What a client may take, in turn.
const ENCODINGS: [&[(&str, &str)]; 3] = [&[], &[("accept-encoding", "gzip")], &[("accept-encoding", "identity")]];
/// Longer than what is kept of one body.
const HUGE: &str = "/made/huge.bin";
/// Some that are changed.
const CHANGED: [&str; 3] = ["/made/short.txt", "/made/page.html", "/made/picture.png"];

/// Asks both for all files and folders, in all encodings.
async fn walk(nginx: &Nginx, place: &str, mut see: impl AsyncFnMut(&str, usize, Got)) {
    let files = documents::files(&nginx.folder());
    for path in files.iter().chain(&documents::folders(&files)) {
        for (turn, fields) in ENCODINGS.iter().enumerate() {
            see(path, turn, nginx.both.ask("GET", &format!("{place}{path}"), fields).await).await;
        }
    }
}

#[tokio::test]
async fn a_folder_is_served_to_the_byte_and_then_without_its_origin() {
    let nginx = Nginx::start().await;
    walk(&nginx, "", async |path, turn, got| {
        // What is never compressed is one for all encodings.
        assert!(got.status() == 200 && (turn > 0 || !got.is_hit()), "{path}: {}", got.field("cache-status"));
    })
    .await;
    nginx.reached().await;
    let (mut compressed, mut passed) = (0, 0);
    walk(&nginx, "", async |path, turn, got| {
        // What is listed says nothing of when it was changed, so nothing is guessed.
        let kept = path != HUGE && !path.ends_with('/');
        assert_eq!((got.status(), got.is_hit()), (200, kept), "{path}: {}", got.field("cache-status"));
        assert!(turn == 1 || got.field("content-encoding").is_empty(), "{path}");
        compressed += usize::from(got.field("content-encoding") == "gzip");
        passed += usize::from(!kept);
    })
    .await;
    assert_eq!((nginx.reached().await.len(), compressed > 5), (passed, true));
}

/// What the origin says nothing of is served as long as its age lets guess (RFC 9111, section 4.2.2): an origin that wants its
/// changes seen has to say so.
#[tokio::test]
async fn what_says_nothing_of_its_lifetime_is_served_though_it_changed() {
    let nginx = Nginx::start().await;
    let mut before = BTreeMap::new();
    walk(&nginx, "", async |path, turn, got| _ = before.insert((path.to_owned(), turn), got)).await;
    for path in CHANGED {
        write(&nginx.file(path), b"This is new.");
    }
    fs::remove_file(nginx.file("/made/style.css")).unwrap();
    nginx.reached().await;
    for path in CHANGED.into_iter().chain(["/made/style.css"]) {
        for (turn, fields) in ENCODINGS.iter().enumerate() {
            let got = nginx.both.get(path, fields).await;
            assert!(got.is_hit(), "{path}: {}", got.field("cache-status"));
            assert_alike(&before[&(path.to_owned(), turn)], &got, path);
        }
    }
    assert!(nginx.reached().await.is_empty());
}

/// RFC 9111, section 5.2.2.4.
#[tokio::test]
async fn what_is_to_be_checked_is_never_old_and_comes_again_only_when_it_changed() {
    let nginx = Nginx::start().await;
    let check = async || walk(&nginx, "/checked", async |path, _, got| assert_eq!(got.status(), 200, "{path}")).await;
    check().await;
    nginx.reached().await;
    check().await;
    let again = nginx.reached().await;
    let sent = again.iter().filter(|line| line.ends_with(" 200") && !line.contains("/ ") && !line.contains(HUGE));
    assert_eq!(sent.count(), 0, "{again:#?}");
    assert!(again.iter().filter(|line| line.ends_with(" 304")).count() > 50);
    for path in CHANGED {
        // It is as long as it was, so that only its date tells the origin.
        let new = fs::read(nginx.file(path)).unwrap().iter().map(|byte| byte ^ 1).collect::<Vec<_>>();
        write(&nginx.file(path), &new);
        date(&nginx.file(path), SystemTime::now());
    }
    // Touched alone: other fields, the same bytes.
    date(&nginx.file("/made/packed.gz"), SystemTime::now());
    fs::remove_file(nginx.file("/made/style.css")).unwrap();
    check().await;
    assert_eq!(nginx.both.ask("GET", "/checked/made/style.css", &[]).await.status(), 404);
    write(&nginx.file("/made/style.css"), b"p { color: red }");
    assert_eq!(nginx.both.ask("GET", "/checked/made/style.css", &[]).await.status(), 200);
}

/// RFC 9111, section 4.2: what was there before may be served for the second that it says, and no more.
#[tokio::test]
async fn nothing_is_served_beyond_what_it_says_of_its_lifetime() {
    let nginx = Nginx::start().await;
    let path = "/made/page.html";
    for version in 0..3 {
        let (old, new) =
            (nginx.both.get(&format!("/brief{path}"), &[]).await, format!("version {version}").repeat(100));
        write(&nginx.file(path), new.as_bytes());
        tokio::time::sleep(Duration::from_millis(1500)).await;
        for fields in ENCODINGS {
            let got = nginx.both.ask("GET", &format!("/brief{path}"), fields).await;
            assert!(got.body != old.body, "{fields:?}");
        }
    }
    // Within it the origin is left alone. It begins with the second in which the origin has dated it.
    nginx.reached().await;
    let begun = Instant::now();
    for _ in 0..20 {
        nginx.both.get(&format!("/brief{path}"), &[]).await;
    }
    let (asked, seconds) = (nginx.reached().await.len() as u64, begun.elapsed().as_secs());
    assert!(asked <= 3 + seconds, "{asked} in {seconds} s");
}

/// Everybody reads other documents at once, in all encodings, of all places.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_visitors_at_once_get_what_each_asked_for() {
    let nginx = Nginx::start().await;
    let files: Vec<_> = documents::files(&nginx.folder()).into_iter().filter(|path| path != HUGE).collect();
    let visits = (0..32_usize).map(|visitor| {
        let (nginx, files) = (&nginx, &files);
        async move {
            for step in 0..60 {
                // Lists of their own: prime steps through all of it.
                let turn = visitor * 7919 + step * [101, 103, 107, 109][visitor % 4];
                let place = ["", "/brief", "/checked"][turn % 3];
                let path = format!("{place}{}", files[turn % files.len()]);
                nginx.both.ask("GET", &path, ENCODINGS[visitor % 3]).await;
            }
        }
    });
    join_all(visits).await;
    assert!(nginx.reached().await.len() < 32 * 60);
}
