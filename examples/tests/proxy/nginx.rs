//! nginx before a folder of documents, and the proxy before nginx.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use freshen_testkit::servers::{Site, program};
use tokio::time::timeout;

use crate::both::Both;
use crate::documents;
use crate::{PATIENCE, before};

/// The name by which both are asked, so that they are asked the same.
pub const HOST: &str = "docs.example";
/// How its log tells that we have asked it for something ourselves, so as to see how far the log is.
const MARK: &str = "- GET /mark 404\n";

/// A running nginx. The same folder is there four times: `/` says nothing of lifetimes, `/kept/`, `/brief/` and `/checked/` do.
pub struct Nginx {
    pub both: Both,
    site: Site,
    /// How much of its log was read.
    read_bytes: AtomicUsize,
}

impl Nginx {
    pub async fn start() -> Nginx {
        let arguments = |port, folder: &Path| {
            documents::lay(&folder.join("docs"));
            fs::write(folder.join("conf"), configuration(port, folder)).unwrap();
            ["-e", "stderr", "-c", &folder.join("conf").display().to_string(), "-p", &folder.display().to_string()]
                .map(String::from)
                .into()
        };
        // It says so once it has its port.
        let site = Site::start(&program("nginx", "nginx"), "getrlimit(RLIMIT_NOFILE)", arguments).await;
        Nginx {
            both: Both::of(HOST, &site.address(), before(&site.address()).await),
            site,
            read_bytes: AtomicUsize::new(0),
        }
    }

    /// Where the folder is.
    pub fn folder(&self) -> PathBuf {
        self.site.files().join("docs")
    }

    /// Where the file is that has this path in a URI, which needs no encoding.
    pub fn file(&self, path: &str) -> PathBuf {
        self.folder().join(path.trim_start_matches('/'))
    }

    /// What the proxy has asked for since this was asked last: a method, a path and the status that it got.
    pub async fn reached(&self) -> Vec<String> {
        // What is answered stands in its log before what is answered after it.
        let mark = self.both.origin.get("/mark").await;
        assert_eq!(mark.status(), 404);
        let until_marked = async {
            loop {
                let log = fs::read_to_string(self.site.files().join("access")).unwrap();
                let new = &log[self.read_bytes.load(Ordering::Relaxed)..];
                if let Some((new, _)) = new.split_once(MARK) {
                    self.read_bytes.fetch_add(new.len() + MARK.len(), Ordering::Relaxed);
                    return new
                        .lines()
                        .filter_map(|line| line.strip_prefix("1.1 freshen "))
                        .map(String::from)
                        .collect();
                }
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, until_marked).await.unwrap()
    }
}

/// One process, which is its own only worker: it is whoever runs the tests, and gone with them. It is told to compress for proxies as well,
/// which the system's own configuration leaves out.
fn configuration(port: u16, folder: &Path) -> String {
    let folder = folder.display();
    format!(
        r#"
daemon off;
master_process off;
pid {folder}/pid;
error_log stderr notice;
events {{}}
http {{
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  log_format asked '$http_via $request_method $request_uri $status';
  access_log {folder}/access asked;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 20;
  sendfile on;
  gzip on;
  gzip_vary on;
  gzip_proxied any;
  gzip_types text/plain text/css application/json application/javascript text/xml;
  autoindex on;
  server {{
    listen 127.0.0.1:{port};
    error_page 404 /missing.html;
    location / {{ root {folder}/docs; }}
    location /brief/ {{ alias {folder}/docs/; add_header Cache-Control max-age=1; }}
    location /kept/ {{ alias {folder}/docs/; add_header Cache-Control max-age=600; }}
    location /checked/ {{ alias {folder}/docs/; add_header Cache-Control no-cache; }}
  }}
}}
"#
    )
}
