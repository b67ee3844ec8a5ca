//! One server by itself.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::signal::Signal;

use super::client::Client;
use super::folder::Folder;
use super::process::Process;
use super::until::until;
use super::{Certificates, Flavour, port};

/// The user by whom a server with an access list is asked by the tests themselves.
const KEEPER: &str = "testkit";
/// How often a server is started on another port, when somebody took the one that was free before.
pub(super) const PORTS: usize = 5;

/// A running server of one's own, or one that tests share.
pub struct Server {
    plan: ServerBuilder,
    port: u16,
    client: Client,
    certificates: Option<Certificates>,
    /// `None` while it is down. Declared before the folder, so that the process ends before its files go.
    process: Mutex<Option<Arc<Process>>>,
    folder: Folder,
}

impl Server {
    /// Starts to configure a server without persistence, of which `start` makes one that runs.
    pub fn redis(flavour: Flavour) -> ServerBuilder {
        let settings = Vec::new();
        ServerBuilder { flavour, settings, password: None, users: Vec::new(), tls: false, sentinel: None }
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it is, with the password if it asks for one.
    pub fn url(&self) -> String {
        let password = self.plan.password.as_ref().map(|password| format!(":{password}@")).unwrap_or_default();
        format!("{}://{password}127.0.0.1:{}", self.scheme(), self.port)
    }

    /// Where it is, for one user of its access list.
    pub fn url_of(&self, user: &str, password: &str) -> String {
        format!("{}://{user}:{password}@127.0.0.1:{}", self.scheme(), self.port)
    }

    fn scheme(&self) -> &'static str {
        if self.plan.tls { "rediss" } else { "redis" }
    }

    /// Its certificates, where it has TLS.
    pub fn certificates(&self) -> Option<&Certificates> {
        self.certificates.as_ref()
    }

    /// The id of its process; it has another after a restart.
    pub fn pid(&self) -> u32 {
        self.running().pid()
    }

    /// The version of Redis that it has, or says it is as good as.
    pub async fn version(&self) -> String {
        let about = self.command(&["INFO", "server"]).await;
        let version = about.lines().find_map(|line| line.strip_prefix("redis_version:"));
        version.expect("every server tells its version").trim_end().to_owned()
    }

    /// What the server's own client prints for a command, without the line's end: an array is a line for each element.
    /// Panics where the server answers an error, or nothing for 10 s.
    pub async fn command(&self, command: &[&str]) -> String {
        let answer = self.ask(command).await;
        answer.unwrap_or_else(|error| panic!("{command:?} at port {}: {error}", self.port))
    }

    /// As [`command`](Server::command), where an error of the server, or its absence, is an answer.
    ///
    /// # Errors
    /// What the client said.
    pub async fn ask(&self, command: &[&str]) -> Result<String, String> {
        self.client.ask(command).await
    }

    /// Stops the process as it is: connections stay open and are not answered.
    pub fn stop_signal(&self) {
        self.running().signal(Signal::SIGSTOP);
    }

    /// Lets a stopped process go on.
    pub fn continue_signal(&self) {
        self.running().signal(Signal::SIGCONT);
    }

    /// Ends it at once, as a crash does. It is gone when this returns.
    pub fn kill(&self) {
        self.process().take();
    }

    /// Whether it was not killed since it was started.
    pub fn is_up(&self) -> bool {
        self.process().is_some()
    }

    /// Starts it again on the same port, with the files that it has, killing it first if it runs.
    pub async fn restart(&self) {
        self.kill();
        until("the server's port to be free again", async || self.launch().await).await;
    }

    /// Starts it again on the same port, without what it had.
    pub async fn restart_empty(&self) {
        self.kill();
        self.folder.emptied("files");
        self.restart().await;
    }

    fn prepare(plan: ServerBuilder) -> Server {
        let (port, folder) = (port::free(), Folder::new());
        let files = folder.emptied("files");
        let certificates = plan.tls.then(|| Certificates::new(&folder));
        if let Some(settings) = &plan.sentinel {
            // A sentinel writes down there what it has learnt.
            fs::write(files.join("sentinel.conf"), settings).expect("a temporary folder can be written to");
        }
        let credentials = plan.credentials();
        let tls = certificates.as_ref().map(Certificates::client_options).unwrap_or_default();
        let client = Client::new(plan.flavour, port, credentials.into_iter().chain(tls));
        Server { plan, port, client, certificates, process: Mutex::new(None), folder }
    }

    /// Starts the process and waits until it answers.
    async fn launch(&self) -> Result<(), String> {
        let log = self.folder.path().join("log");
        let said = || fs::read_to_string(&log).unwrap_or_default();
        let process = Arc::new(Process::start(&self.plan.flavour.server(), &self.arguments(), &log));
        *self.process() = Some(process.clone());
        let own = format!("process_id:{}", process.pid());
        let ready = until("a server to answer", async || {
            if process.has_ended() {
                return Ok(false);
            }
            // Another server may have taken the port: it answers too.
            let about = self.ask(&["INFO"]).await?;
            if about.contains(&own) && !about.contains("loading:1") { Ok(true) } else { Err(about) }
        })
        .await;
        if ready { Ok(()) } else { Err(said()) }
    }

    fn arguments(&self) -> Vec<String> {
        let files = self.folder.path().join("files");
        let mut arguments = Vec::new();
        if self.plan.sentinel.is_some() {
            arguments.extend([text(files.join("sentinel.conf")), "--sentinel".into()]);
        }
        let own = ["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--dir", &text(files)].map(String::from);
        arguments.extend(own);
        if self.plan.sentinel.is_none() {
            arguments.extend(["--save", ""].map(String::from));
        }
        if !self.plan.users.is_empty() {
            arguments.extend(["--aclfile".into(), text(self.folder.write("users.acl", &self.plan.access_list()))]);
        }
        arguments.extend(self.certificates.iter().flat_map(|certificates| certificates.server_options(self.port)));
        arguments.extend(self.plan.settings.iter().flatten().cloned());
        arguments
    }

    fn running(&self) -> Arc<Process> {
        self.process().clone().expect("the test did not kill the server")
    }

    fn process(&self) -> MutexGuard<'_, Option<Arc<Process>>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text(path: PathBuf) -> String {
    path.display().to_string()
}

/// Configures a [`Server`].
#[derive(Clone)]
pub struct ServerBuilder {
    flavour: Flavour,
    settings: Vec<[String; 2]>,
    password: Option<String>,
    users: Vec<String>,
    tls: bool,
    /// The file that makes it a sentinel.
    sentinel: Option<String>,
}

impl ServerBuilder {
    /// A setting of the server, as on its command line: `arg("--maxmemory", "20mb")`.
    pub fn arg(mut self, name: &str, value: impl ToString) -> Self {
        self.settings.push([name.into(), value.to_string()]);
        self
    }

    /// It asks everybody for this password.
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.into());
        self.arg("--requirepass", password)
    }

    /// A line of its access list after the word `user`: `user("app on >secret ~cache:* &cache:* +@all")`. With one,
    /// nobody else may do anything.
    pub fn user(mut self, line: &str) -> Self {
        self.users.push(line.into());
        self
    }

    /// It listens with TLS only.
    pub fn tls(self) -> Self {
        Self { tls: true, ..self }
    }

    pub(super) fn sentinel(self, settings: String) -> Self {
        Self { sentinel: Some(settings), ..self }
    }

    /// Starts it, and returns once it answers.
    pub async fn start(self) -> Server {
        for _ in 0..PORTS {
            let server = Server::prepare(self.clone());
            match server.launch().await {
                Ok(()) => return server,
                Err(log) => assert!(log.contains("Address already in use"), "the server does not start:\n{log}"),
            }
        }
        panic!("{PORTS} ports in a row were taken by others when the server came to take them");
    }

    fn access_list(&self) -> String {
        let users = self.users.iter().map(|line| format!("user {line}\n"));
        users.chain([format!("user {KEEPER} on >{KEEPER} ~* &* +@all\nuser default off\n")]).collect()
    }

    fn credentials(&self) -> Vec<String> {
        let credentials = match &self.password {
            _ if !self.users.is_empty() => vec!["--user", KEEPER, "--pass", KEEPER, "--no-auth-warning"],
            Some(password) => vec!["--pass", password, "--no-auth-warning"],
            None => Vec::new(),
        };
        credentials.into_iter().map(String::from).collect()
    }
}
