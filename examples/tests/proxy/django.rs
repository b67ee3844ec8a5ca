//! A site of Django with its admin, and the proxy before it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::{fs, process};

use freshen_testkit::servers::{Site, program};

use crate::before;
use crate::both::Both;

/// From PyPI: Django, a server for it, and what serves its static files.
const PACKAGES: [&str; 3] = ["Django==5.2.19", "waitress==3.0.2", "whitenoise==6.12.0"];
const SETTINGS: &str = include_str!("django/proxied.py");
const PAGES: &str = include_str!("django/pages.py");

/// The superuser, and his password.
pub const ROOT: [&str; 2] = ["root", "not-to-be-guessed"];

/// A running site.
pub struct Django {
    /// Asked by the name that a browser has for the proxy.
    pub both: Both,
    _site: Site,
}

impl Django {
    pub async fn start() -> Django {
        let arguments = |port, folder: &Path| {
            succeed(Command::new("cp").arg("-r").arg(PROJECT.join(".")).arg(folder), "the project is not copied:");
            let (folder, python) = (folder.display(), python());
            let server =
                ["-m", "waitress", &format!("--listen=127.0.0.1:{port}"), "--threads=8", "office.wsgi:application"];
            let begin = [
                format!("--chdir={folder}"),
                "DJANGO_SETTINGS_MODULE=office.proxied".into(),
                python.display().to_string(),
            ];
            begin.into_iter().chain(server.map(String::from)).collect()
        };
        let site = Site::start(&program("env", "coreutils"), "Serving on ", arguments).await;
        let proxy = before(&site.address()).await;
        Django { both: Both::of(&proxy.address.clone(), &site.address(), proxy), _site: site }
    }
}

/// An environment with the packages.
static ENVIRONMENT: LazyLock<PathBuf> = LazyLock::new(|| once("django-environment", PACKAGES, build_environment));
/// A project with an empty database but for its superuser.
static PROJECT: LazyLock<PathBuf> = LazyLock::new(|| {
    once("django-project", (PACKAGES, SETTINGS, PAGES, ROOT), |folder| build_project(&python(), folder))
});

fn python() -> PathBuf {
    ENVIRONMENT.join("bin/python")
}

/// A folder that is made where there is none for this yet, and stays beside what else was built.
fn once(name: &str, of: impl Hash, make: impl FnOnce(&Path)) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    let made = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{:016x}", hasher.finish()));
    if !made.exists() {
        let new = made.with_extension(process::id().to_string());
        make(&new);
        // Another process may have been quicker.
        if fs::rename(&new, &made).is_err() {
            fs::remove_dir_all(&new).unwrap();
        }
    }
    made
}

fn build_environment(folder: &Path) {
    let python = program("python3", "python3");
    let lacks = "this Python lacks what is in the package python3-venv; ./test installs it:";
    succeed(Command::new(&python).args(["-c", "import ensurepip, venv"]), lacks);
    succeed(Command::new(&python).args(["-m", "venv"]).arg(folder), "no environment of Python:");
    let mut pip = Command::new(folder.join("bin/python"));
    succeed(pip.args(["-m", "pip", "install", "--quiet"]).args(PACKAGES), "the first run needs PyPI:");
}

fn build_project(python: &Path, folder: &Path) {
    fs::create_dir(folder).unwrap();
    let run = |arguments: &str| {
        let mut command = Command::new(python);
        command.current_dir(folder).args(arguments.split(' '));
        command.env("DJANGO_SETTINGS_MODULE", "office.proxied").env("DJANGO_SUPERUSER_PASSWORD", ROOT[1]);
        succeed(&mut command, "Django does not:");
    };
    run("-m django startproject office .");
    fs::write(folder.join("office/proxied.py"), SETTINGS).unwrap();
    fs::write(folder.join("office/pages.py"), PAGES).unwrap();
    run("manage.py migrate");
    run("manage.py collectstatic --no-input");
    run(&format!("manage.py createsuperuser --no-input --username={} --email=root@office.example", ROOT[0]));
}

fn succeed(command: &mut Command, otherwise: &str) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(output.status.success(), "{otherwise} {command:?}\n{}", said.concat());
}
