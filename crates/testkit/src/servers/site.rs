//! A server of a site.

use std::fs;
use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::port;
use super::process::Process;
use super::single::PORTS;
use super::until::until;

/// A running server of any kind that takes the port on which it is to listen, and keeps to one process.
pub struct Site {
    port: u16,
    /// Declared before the folder, so that the process ends before its files go.
    process: Process,
    folder: Folder,
}

impl Site {
    /// Starts a program, and returns once it has said `ready`: something that it says only when it listens. What it is started
    /// with, `arguments` tells for a port and an empty folder, in which the server may have its files.
    pub async fn start(program: &Path, ready: &str, arguments: impl Fn(u16, &Path) -> Vec<String>) -> Site {
        for _ in 0..PORTS {
            let (port, folder) = (port::free(), Folder::new());
            let log = folder.path().join("log");
            let process = Process::start(program, &arguments(port, &folder.emptied("files")), &log);
            let site = Site { port, process, folder };
            let ended = until("a site's server to be ready", async || match site.said() {
                // In this order: what it said before it ended counts for nothing.
                _ if site.process.has_ended() => Ok(true),
                said if said.contains(ready) => Ok(false),
                said => Err(said),
            });
            if !ended.await {
                return site;
            }
            let said = site.said();
            assert!(said.contains("Address already in use"), "{} does not start:\n{said}", program.display());
        }
        panic!("{PORTS} ports in a row were taken by others when the server came to take them");
    }

    /// Where it listens, with the port.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The folder with its files.
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// What it has printed so far.
    pub fn said(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}
