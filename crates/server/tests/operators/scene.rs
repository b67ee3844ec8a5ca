//! A server with a cache on it, and the binary that looks at it.

use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use freshen::queue::{NewTask, Queue, Settlement};
use freshen::settings::{Settings, Url};
use freshen::{Cache, Jobs, Key};
use freshen_testkit::servers::{Flavour, Server};
use serde_json::Value;
use tokio::sync::OnceCell;

/// A job whose values have a tag.
#[freshen::cached(ttl = "1h", stale_while_revalidate = "1h", jitter = 0.0, tags = ["user:{user}"])]
pub async fn tweets(user: &str, page: u32) -> Result<Vec<String>, Gone> {
    if user == "nobody" { Err(Gone) } else { Ok(vec![format!("{user} says {page} times \u{1b}[2Jhello")]) }
}

/// Its words would clear a terminal.
#[derive(Debug, thiserror::Error)]
#[error("there is \u{1b}[2J\u{9b}nobody")]
pub struct Gone;

/// One server for all tests, each under a prefix of its own.
pub async fn server() -> &'static Server {
    static SHARED: OnceCell<Server> = OnceCell::const_new();
    SHARED.get_or_init(|| Server::redis(Flavour::Redis).start()).await
}

/// A prefix of a store and a queue that no other test has.
pub struct Scene {
    pub url: String,
    pub prefix: String,
}

impl Scene {
    pub async fn new() -> Scene {
        Scene::at(server().await.url())
    }

    pub fn at(url: String) -> Scene {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Scene { url, prefix: format!("ops{}", NEXT.fetch_add(1, Ordering::Relaxed)) }
    }

    pub fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        settings.store = Url::parse(&self.url).unwrap();
        settings.prefix = self.prefix.clone();
        settings.response_timeout = Duration::from_secs(20);
        settings.connect_timeout = Duration::from_secs(20);
        settings.workers = 0;
        settings
    }

    pub async fn cache(&self) -> Cache {
        let backends = self.settings().open().await.unwrap();
        backends.builder().jobs(Jobs::new().add::<Tweets>()).build().await.unwrap()
    }

    pub async fn queue(&self) -> std::sync::Arc<dyn Queue> {
        self.settings().shared_queue("default").await.unwrap().unwrap()
    }

    /// Pushes tasks of these jobs.
    pub async fn push(&self, jobs: &[&str]) {
        let task = |job: &&str| NewTask { key: key(job), delay: Duration::ZERO, priority: Default::default() };
        self.queue().await.push(&jobs.iter().map(task).collect::<Vec<_>>()).await.unwrap();
    }

    /// Sets one task aside for each reason.
    pub async fn set_aside(&self, reasons: &[&str]) {
        let queue = self.queue().await;
        for reason in reasons {
            self.push(&["tweets"]).await;
            let pulled = queue.pull(1, Duration::from_secs(20)).await.unwrap();
            assert!(queue.settle(&pulled[0].receipt, Settlement::Quarantine((*reason).into())).await.unwrap());
        }
    }

    /// The names of the server's keys that begin with this scene's prefix and match.
    pub async fn names(&self, pattern: &str) -> Vec<String> {
        let names = server().await.command(&["KEYS", &format!("{{{}:{pattern}", self.prefix)]).await;
        names.lines().map(str::to_owned).collect()
    }

    /// Runs the binary on this scene.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments))
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(arguments);
        command.env("FRESHEN_STORE", &self.url).env("FRESHEN_PREFIX", &self.prefix);
        command.env("FRESHEN_RESPONSE_TIMEOUT", "20s").env("FRESHEN_CONNECT_TIMEOUT", "20s");
        command
    }
}

pub fn key(job: &str) -> Key {
    Key::new("default", job, &ann()).unwrap()
}

pub fn ann() -> Tweets {
    Tweets::of("ann", 2).into()
}

/// How logs show the key of [`ann`].
pub const ANN: &str = r#"default:tweets{page: 2, user: "ann"}"#;

/// The binary, with none of the settings that the tests themselves were started with.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_freshen"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("FRESHEN_")) {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// What became of the binary.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(mut command: Command) -> Ran {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran = Ran { code: status.code().unwrap(), out: text(stdout), err: text(stderr) };
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
        let order = |c: char| c.is_control() && c != '\n';
        assert!(!ran.out.contains(order) && !ran.err.contains(order), "an order to the terminal: {ran:?}");
        ran
    }

    /// What it printed, where it ended well.
    #[track_caller]
    pub fn printed(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    #[track_caller]
    pub fn json(self) -> Value {
        serde_json::from_str(&self.printed()).unwrap()
    }

    /// What it said where it ended badly.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        self.err
    }
}
