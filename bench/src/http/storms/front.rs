//! What stands between a crowd and its origin: our layer, nginx or Varnish, each a process, with the same patience for the origin.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child as Process, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{ORIGIN_TIMEOUT, crowd};
use crate::Failure;
use crate::http::child::Child;

/// What stands in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Freshen,
    Nginx,
    Varnish,
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Freshen, Kind::Nginx, Kind::Varnish];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Freshen => "freshen",
            Kind::Nginx => "nginx",
            Kind::Varnish => "varnish",
        }
    }

    /// Whether it can be started here.
    pub fn is_installed(self) -> bool {
        match self {
            Kind::Freshen => true,
            Kind::Nginx => program("nginx").is_some(),
            Kind::Varnish => program("varnishd").is_some(),
        }
    }

    /// Whether it can be told that a page is outdated, and still serve it.
    pub fn outdates(self) -> bool {
        self != Kind::Nginx
    }
}

/// What stands in front, until it is dropped.
pub enum Front {
    Ours(Child),
    Theirs { process: Process, address: SocketAddr, _folder: TempDir },
}

/// How long a server may take to listen: Varnish compiles its configuration first.
const STARTS_WITHIN: Duration = Duration::from_secs(15);

impl Front {
    /// Starts one before an origin.
    pub fn start(kind: Kind, origin: SocketAddr) -> Result<Front, Failure> {
        if kind == Kind::Freshen {
            return Ok(Front::Ours(Child::start(&["proxy", &origin.to_string()])?));
        }
        let folder = tempfile::tempdir()?;
        // Somebody could take it before the server does, which then ends with an error.
        let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
        let mut command = match kind {
            Kind::Nginx => nginx(folder.path(), address, origin)?,
            _ => varnish(folder.path(), address, origin)?,
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(folder.path().join("complaints"))?);
        let mut front = Front::Theirs { process: command.spawn()?, address, _folder: folder };
        front.listens(kind)?;
        Ok(front)
    }

    pub fn address(&self) -> SocketAddr {
        match self {
            Front::Ours(child) => child.address,
            Front::Theirs { address, .. } => *address,
        }
    }

    /// Outdates a page so that it may be served while it is made again.
    pub async fn outdate(&mut self, path: &str) -> Result<(), Failure> {
        match self {
            Front::Ours(child) => child.order("outdate"),
            Front::Theirs { address, .. } => crowd::purge(*address, path).await,
        }
    }

    fn listens(&mut self, kind: Kind) -> Result<(), Failure> {
        let begun = Instant::now();
        let Front::Theirs { process, address, _folder: folder } = self else { return Ok(()) };
        while TcpStream::connect(*address).is_err() {
            if begun.elapsed() > STARTS_WITHIN || process.try_wait()?.is_some() {
                let complaints = fs::read_to_string(folder.path().join("complaints"))?;
                return Err(format!("{} does not start: {}", kind.name(), complaints.trim()).into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let Front::Theirs { process, .. } = self else { return };
        let pid = i32::try_from(process.id()).ok().and_then(rustix::process::Pid::from_raw);
        // Asked to end, it ends its own children too. One that has ended by itself needs no end.
        _ = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::TERM));
        _ = process.wait();
    }
}

/// As its documentation has it where stale pages are to be served: one request at a time fetches a page, stale ones are served
/// meanwhile and where the origin fails, and are made again behind the request.
fn nginx(folder: &Path, address: SocketAddr, origin: SocketAddr) -> Result<Command, Failure> {
    let (root, patience) = (folder.display(), ORIGIN_TIMEOUT.as_secs());
    let configuration = format!(
        "daemon off; user root; worker_processes auto; pid {root}/pid; error_log stderr crit;
        events {{ worker_connections 4096; }}
        http {{
            access_log off;
            client_body_temp_path {root}/body; proxy_temp_path {root}/proxy; fastcgi_temp_path {root}/fastcgi;
            uwsgi_temp_path {root}/uwsgi; scgi_temp_path {root}/scgi;
            proxy_cache_path {root}/pages keys_zone=pages:10m use_temp_path=off;
            server {{
                listen {address};
                location / {{
                    proxy_pass http://{origin};
                    proxy_http_version 1.1;
                    proxy_set_header Connection '';
                    proxy_connect_timeout {patience}s;
                    proxy_read_timeout {patience}s;
                    proxy_cache pages;
                    proxy_cache_lock on;
                    proxy_cache_use_stale updating error timeout http_500 http_502 http_503 http_504;
                    proxy_cache_background_update on;
                }}
            }}
        }}"
    );
    fs::write(folder.join("nginx.conf"), configuration)?;
    let mut command = ending_with_us("nginx")?;
    command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf")).args(["-e", "stderr"]);
    Ok(command)
}

/// As it comes, with a purge that leaves the page to be served while it is made again.
fn varnish(folder: &Path, address: SocketAddr, origin: SocketAddr) -> Result<Command, Failure> {
    let (host, port, patience) = (origin.ip(), origin.port(), ORIGIN_TIMEOUT.as_secs());
    let configuration = format!(
        "vcl 4.1;
        import purge;
        backend default {{
            .host = \"{host}\"; .port = \"{port}\"; .connect_timeout = {patience}s; .first_byte_timeout = {patience}s;
        }}
        sub vcl_recv {{ if (req.method == \"PURGE\") {{ return (hash); }} }}
        sub vcl_hit {{ if (req.method == \"PURGE\") {{ purge.soft(0s); return (synth(200)); }} }}
        sub vcl_miss {{ if (req.method == \"PURGE\") {{ return (synth(404)); }} }}"
    );
    fs::write(folder.join("pages.vcl"), configuration)?;
    let mut command = ending_with_us("varnishd")?;
    command.args(["-F", "-j", "none", "-s", "malloc,64m"]).arg("-a").arg(address.to_string());
    command.arg("-n").arg(folder.join("state")).arg("-f").arg(folder.join("pages.vcl"));
    Ok(command)
}

/// The system ends it when the thread ends that has started it, which is the one that measures.
fn ending_with_us(name: &str) -> Result<Command, Failure> {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "TERM"]).arg(program(name).ok_or_else(|| format!("{name} is not installed"))?);
    Ok(command)
}

/// Where a program is. Servers often stand outside an ordinary user's `PATH`.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(more).map(|folder| folder.join(name)).find(|path| path.is_file())
}
