//! The browser and its driver.

use std::io::{BufRead, BufReader, ErrorKind};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use axum::http::Method;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Url;
use serde_json::{Value, json};

/// What the tests start, and the Debian package that brings it.
const PROGRAMS: [(&str, &str); 2] = [("chromium", "chromium"), ("chromedriver", "chromium-driver")];

/// It runs as any user, without a screen, and asks nobody outside.
const ARGUMENTS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A running browser with one empty window, which stays.
pub struct Chromium {
    pub client: Client,
    first: WindowHandle,
    driver: Driver,
    profile: PathBuf,
}

/// The driver's process. Dropping it kills it.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Chromium {
    /// Starts driver and browser, or says what is missing.
    pub async fn start() -> Result<Chromium, String> {
        PROGRAMS.into_iter().try_for_each(|(program, package)| find(program, package))?;
        let profile = std::env::temp_dir().join(format!("freshen-browser-{}", std::process::id()));
        std::fs::create_dir_all(&profile).map_err(|error| format!("no folder for a browser's profile: {error}"))?;
        let (driver, port) = drive()?;
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(&profile));
        let connected = builder.connect(&format!("http://127.0.0.1:{port}")).await;
        let client = connected.map_err(|error| format!("chromedriver starts no browser: {error}"))?;
        let first = client.window().await.map_err(|error| format!("the browser has no window: {error}"))?;
        Ok(Chromium { client, first, driver, profile })
    }

    /// A new window, which is then the one that commands go to.
    pub async fn window(&self) -> WindowHandle {
        let window = self.client.new_window(false).await.unwrap().handle;
        self.client.switch_to_window(window.clone()).await.unwrap();
        window
    }

    /// Closes what a test has opened, and forgets what the console said.
    pub async fn tidy_up(&self) {
        for window in self.client.windows().await.unwrap_or_default() {
            if window != self.first {
                let _ = self.client.switch_to_window(window).await;
                let _ = self.client.close_window().await;
            }
        }
        let _ = self.client.switch_to_window(self.first.clone()).await;
        let _ = self.console().await;
    }

    /// What the console said since it was read last, warnings and errors alone.
    pub async fn console(&self) -> Vec<String> {
        let said = self.issue("se/log", json!({"type": "browser"})).await;
        let severe = |entry: &&Value| entry["level"] == "SEVERE" || entry["level"] == "WARNING";
        said.as_array().unwrap().iter().filter(severe).map(|entry| entry["message"].to_string()).collect()
    }

    /// A command of Chromium's own protocol, to the window that commands go to.
    pub async fn devtools(&self, command: &str, parameters: Value) {
        self.issue("goog/cdp/execute", json!({"cmd": command, "params": parameters})).await;
    }

    async fn issue(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Extension { path, body }).await.unwrap()
    }

    /// Ends the browser, and then its driver.
    pub async fn end(self) {
        let _ = self.client.close().await;
        drop(self.driver);
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}

/// Looks for a program by asking it for its version.
fn find(program: &str, package: &str) -> Result<(), String> {
    let asked = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    match asked {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(format!(
            "the browser tests need the program {program}, which the Debian package {package} brings: \
             apt-get install --no-install-recommends {package}"
        )),
        Err(error) => Err(format!("the browser tests cannot start {program}: {error}")),
        Ok(_) => Ok(()),
    }
}

/// Starts the driver on a free port, which its first lines tell.
fn drive() -> Result<(Driver, u16), String> {
    let started = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut driver = Driver(started.map_err(|error| format!("cannot start chromedriver: {error}"))?);
    let mut said = BufReader::new(driver.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = said.find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok());
    // What it says later is read and dropped, so that it never waits for a reader.
    std::thread::spawn(move || said.for_each(drop));
    Ok((driver, port.ok_or("chromedriver names no port")?))
}

fn capabilities(profile: &std::path::Path) -> Capabilities {
    let profile = format!("--user-data-dir={}", profile.display());
    let arguments: Vec<_> = ARGUMENTS.into_iter().chain([&*profile]).collect();
    let wanted = json!({
        "goog:chromeOptions": {"args": arguments},
        "goog:loggingPrefs": {"browser": "ALL"},
    });
    wanted.as_object().unwrap().clone()
}

/// A command that the driver has beyond the standard.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as std::str::FromStr>::Err> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
