//! Django's admin in a real browser, which knows of no proxy.

use fantoccini::Locator;

use crate::PATIENCE;
use crate::chromium::Chromium;
use crate::django::{Django, ROOT};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_signs_in_adds_a_group_and_signs_out() {
    let django = Django::start().await;
    let chromium = Chromium::start().await.unwrap();
    let client = &chromium.client;
    let seen = async |css: &str| {
        let element = client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await.unwrap();
        element.text().await.unwrap()
    };
    let press = async |css: &str| client.find(Locator::Css(css)).await.unwrap().click().await.unwrap();
    let write =
        async |css: &str, text: &str| client.find(Locator::Css(css)).await.unwrap().send_keys(text).await.unwrap();
    client.goto(&format!("http://{}/admin", django.both.proxy.address)).await.unwrap();
    write("#id_username", ROOT[0]).await;
    write("#id_password", ROOT[1]).await;
    press("[type=submit]").await;
    assert!(seen("#user-tools").await.to_lowercase().contains(ROOT[0]));
    press("a[href='/admin/auth/group/add/']").await;
    seen("#id_name").await;
    write("#id_name", "cooks").await;
    press("[name=_save]").await;
    assert!(seen(".messagelist .success").await.contains("was added successfully"));
    assert_eq!(seen("th.field-__str__ a").await, "cooks");
    press("#logout-form button").await;
    assert!(seen("#content h1").await.contains("Logged out"));
    // Whatever it loaded was there, and as the page wants it.
    assert_eq!(chromium.console().await, [""; 0]);
    chromium.end().await;
}
