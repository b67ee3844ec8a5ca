//! A server's process: a child that ends with us.

use std::env;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A child process, killed when it is dropped, and by the system when this process ends without dropping it.
pub(super) struct Process {
    pid: u32,
    child: Mutex<Child>,
}

impl Process {
    /// Starts a program whose output goes to the file `log`.
    pub(super) fn start(program: &Path, arguments: &[String], log: &Path) -> Process {
        let output = File::options().create(true).append(true).open(log).expect("the log can be written");
        let again = output.try_clone().expect("an open file has a second handle");
        let mut command = Command::new(self::program("setpriv", "util-linux"));
        command.args(["--pdeathsig", "KILL"]).arg(program).args(arguments);
        command.stdin(Stdio::null()).stdout(output).stderr(again);
        let child = spawn(command);
        Process { pid: child.id(), child: Mutex::new(child) }
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether it ended by itself.
    pub(super) fn has_ended(&self) -> bool {
        self.child().try_wait().expect("a child can be waited for").is_some()
    }

    pub(super) fn signal(&self, signal: Signal) {
        // Under the lock nobody waits for the child, so its id is not given to another process meanwhile.
        let mut child = self.child();
        let ended = child.try_wait().expect("a child can be waited for");
        assert!(ended.is_none(), "the server has ended by itself: {ended:?}");
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("an id of a process is positive and small"));
        kill(pid, signal).expect("a child can be sent a signal");
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let mut child = self.child();
        // It fails where the child is already gone, which is as good.
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Starts a child from a thread that never ends: the system kills the child when the *thread* that started it ends, and
/// the thread of a test ends with the test.
fn spawn(command: Command) -> Child {
    type Started = mpsc::Sender<std::io::Result<Child>>;
    static KEEPER: LazyLock<mpsc::Sender<(Command, Started)>> = LazyLock::new(|| {
        let (ask, asked) = mpsc::channel::<(Command, Started)>();
        let keep = move || {
            for (mut command, started) in asked {
                // Whoever asked waits for this answer without end.
                let _ = started.send(command.spawn());
            }
        };
        thread::Builder::new().name("servers".into()).spawn(keep).expect("a thread can be started");
        ask
    });
    let (started, answer) = mpsc::channel();
    KEEPER.send((command, started)).expect("the keeper never ends");
    answer.recv().expect("the keeper answers").expect("a program that was found can be started")
}

/// Where a program is, which a package of Debian brings: without it a test fails, and says so. Servers often stand outside an
/// ordinary user's `PATH`.
pub fn program(name: &str, package: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    let found = env::split_paths(&path).chain(more).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} is not installed: it is in the package {package}; ./test installs it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "no-such-server is not installed: it is in the package such")]
    fn a_missing_program_is_named_with_its_package() {
        program("no-such-server", "such");
    }

    #[test]
    fn a_child_outlives_the_thread_that_asked_for_it() {
        let folder = super::super::folder::Folder::new();
        let log = folder.path().join("log");
        let start = move || Process::start(&program("sleep", "coreutils"), &["1000".into()], &log);
        let process = thread::spawn(start).join().unwrap();
        // The thread is gone; its child would be dying by now.
        thread::sleep(std::time::Duration::from_millis(200));
        assert!(!process.has_ended());
        process.signal(Signal::SIGKILL);
    }
}
