//! Django's admin in a real browser, which knows of no proxy.

use std::time::Duration;

use fantoccini::Locator;
use tokio::time::{sleep, timeout};

use crate::PATIENCE;
use crate::chromium::Chromium;
use crate::django::{Django, ROOT};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_signs_in_adds_a_group_and_signs_out() {
    let django = Django::start().await;
    let chromium = Chromium::start().await.unwrap();
    let client = &chromium.client;
    // The page may be the one before, and go while it is looked at.
    let until = async |css: &str, words: &str| {
        let there = async || client.find(Locator::Css(css)).await.ok()?.text().await.ok();
        let seen = async {
            while !there().await.is_some_and(|text| text.to_lowercase().contains(words)) {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, seen).await.unwrap_or_else(|_| panic!("{css} never says {words}"));
    };
    let found = async |css: &str| client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await.unwrap();
    let press = async |css: &str| found(css).await.click().await.unwrap();
    let write = async |css: &str, text: &str| found(css).await.send_keys(text).await.unwrap();
    client.goto(&format!("http://{}/admin", django.both.proxy.address)).await.unwrap();
    write("#id_username", ROOT[0]).await;
    write("#id_password", ROOT[1]).await;
    press("[type=submit]").await;
    until("#user-tools", ROOT[0]).await;
    press("a[href='/admin/auth/group/add/']").await;
    until("#content h1", "add group").await;
    write("#id_name", "cooks").await;
    press("[name=_save]").await;
    until(".messagelist .success", "was added successfully").await;
    until("th.field-__str__ a", "cooks").await;
    press("#logout-form button").await;
    until("#content h1", "logged out").await;
    // Whatever it loaded was there, and as the page wants it.
    assert_eq!(chromium.console().await, [""; 0]);
    chromium.end().await;
}
