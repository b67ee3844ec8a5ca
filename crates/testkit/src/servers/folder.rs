//! Folders for what servers write.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

/// A folder that is removed when it is dropped, or else when this process ends, however it ends: what lies in a
/// `static` is never dropped.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Folder {
        static ROOT: LazyLock<Root> = LazyLock::new(Root::new);
        Folder(TempDir::new_in(&ROOT.path).expect("a folder can be made in a temporary one"))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// An empty folder of this name in it, whatever was there before.
    pub(super) fn emptied(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        if path.exists() {
            fs::remove_dir_all(&path).expect("what the test's server wrote can be removed");
        }
        fs::create_dir(&path).expect("a folder can be made in a temporary one");
        path
    }

    /// Writes a file in it.
    pub(super) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, text).expect("a temporary folder can be written to");
        path
    }
}

/// The folder of this process, and the shell that removes it: once this process is gone, its input ends.
struct Root {
    path: PathBuf,
    _remover: Child,
}

impl Root {
    fn new() -> Root {
        let made = tempfile::Builder::new().prefix("freshen-servers-").tempdir();
        let path = made.expect("the system has a place for temporary files").keep();
        // The servers are killed at the same moment, and may still be writing: hence the second attempt.
        let script = r#"read -r _; rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }"#;
        let mut shell = Command::new("sh");
        shell.args(["-c", script, "sh"]).arg(&path).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // In a group of its own, an interrupt at the terminal does not end it together with the tests.
        let _remover = shell.process_group(0).spawn().expect("sh can be started");
        Root { path, _remover }
    }
}
