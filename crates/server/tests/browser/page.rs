//! The demo's page in a window of its own.

use std::time::{Duration, Instant};

use fantoccini::Locator;
use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};

use crate::binary::Freshen;
use crate::chromium::Chromium;
use crate::fleet::fleet;
use crate::origin::Origin;

const PATIENCE: Duration = Duration::from_secs(60);

/// An open page.
pub struct Page<'a> {
    pub chromium: &'a Chromium,
    window: WindowHandle,
}

/// A source and a demo whose list stays fresh unless a button outdates it.
pub fn demo(lines: &[&str]) -> (Origin, Freshen) {
    demo_with(lines, &["--ttl", "1h"])
}

pub fn demo_with(lines: &[&str], arguments: &[&str]) -> (Origin, Freshen) {
    // A source has a runtime of its own, and is made outside this one.
    tokio::task::block_in_place(|| {
        let origin = Origin::list(lines);
        let freshen = Freshen::start_with(&origin.url, arguments);
        freshen.until("served", |state| state["served"].is_object());
        (origin, freshen)
    })
}

/// The same on two web processes and two workers.
pub fn demo_of_four(lines: &[&str]) -> (Origin, Freshen) {
    tokio::task::block_in_place(|| {
        let origin = Origin::list(lines);
        let freshen = fleet(&origin);
        (origin, freshen)
    })
}

/// Looks until there is something to see.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

impl<'a> Page<'a> {
    /// Opens it in a new window and waits until it is live.
    pub async fn open(chromium: &'a Chromium, freshen: &Freshen) -> Page<'a> {
        let page = Page { chromium, window: chromium.window().await };
        chromium.client.goto(&format!("http://{}/", freshen.address())).await.unwrap();
        page.says("connection", "live").await;
        page
    }

    /// Commands go to this window from now on.
    pub async fn turn_to(&self) {
        self.chromium.client.switch_to_window(self.window.clone()).await.unwrap();
    }

    /// What a script returns.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.chromium.client.execute(script, arguments).await.unwrap()
    }

    /// The text of an element.
    pub async fn text(&self, id: &str) -> String {
        let text = self.run("return document.getElementById(arguments[0]).textContent", vec![json!(id)]).await;
        text.as_str().unwrap().to_owned()
    }

    /// Waits until an element's text has these words.
    pub async fn says(&self, id: &str, words: &str) -> String {
        until(&format!("#{id} says {words:?}"), async || Some(self.text(id).await).filter(|text| text.contains(words)))
            .await
    }

    /// Waits until there is no list left but this.
    pub async fn lists(&self, lines: &[&str]) {
        let script = "return Array.from(document.querySelectorAll('#lines li'), (line) => line.textContent)";
        until(&format!("it lists {lines:?}"), async || (self.run(script, vec![]).await == json!(lines)).then_some(()))
            .await;
    }

    /// Clicks a button as a visitor would: it has to be there to be seen.
    pub async fn press(&self, action: &str) {
        let button = format!("[data-action={action}]");
        self.chromium.client.find(Locator::Css(&button)).await.unwrap().click().await.unwrap();
    }

    /// Waits until the buttons have told of what one of them did.
    pub async fn pressed(&self, action: &str, told: &str) -> String {
        self.press(action).await;
        self.says("said", told).await
    }

    /// Sends a key to whatever has the focus.
    pub async fn key(&self, key: &str) {
        self.chromium.client.active_element().await.unwrap().send_keys(key).await.unwrap();
    }

    /// A theme, a width, and whether motion is to be reduced.
    pub async fn emulate(&self, theme: &str, width: u32, motion: &str) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.chromium.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let features = json!({"features": [
            {"name": "prefers-color-scheme", "value": theme},
            {"name": "prefers-reduced-motion", "value": motion},
        ]});
        self.chromium.devtools("Emulation.setEmulatedMedia", features).await;
    }

    /// The console has nothing to complain about.
    pub async fn is_content(&self) {
        assert_eq!(self.chromium.console().await, Vec::<String>::new());
    }
}
