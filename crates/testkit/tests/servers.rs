//! The real servers that tests of adapters start: each kind is started once, and does what it is there for.

#![cfg(feature = "servers")]

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use freshen_testkit::servers::{Cluster, Flavour, Sentinels, Server, Site, program};
use tokio::time::{Instant, sleep, timeout};

/// Generous: the machine may be slow.
const DEADLINE: Duration = Duration::from_secs(30);

/// Waits until a server's answer is this one.
async fn answers(server: &Server, command: &[&str], answer: &str) {
    let deadline = Instant::now() + DEADLINE;
    while server.ask(command).await.as_deref() != Ok(answer) {
        assert!(Instant::now() < deadline, "{command:?} never answers {answer}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn files_of(server: &Server) -> PathBuf {
    let answer = server.command(&["CONFIG", "GET", "dir"]).await;
    answer.lines().last().expect("the setting is answered with its name").into()
}

fn is_open(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[tokio::test]
async fn a_single_server_of_either_flavour_is_its_own_process() {
    for (flavour, name) in [(Flavour::Redis, "redis_version:7."), (Flavour::Valkey, "valkey_version:8.")] {
        let server = Server::redis(flavour).start().await;
        let about = server.command(&["INFO", "server"]).await;
        assert!(about.contains(name), "{about}");
        assert!(about.contains(&format!("process_id:{}", server.pid())), "{about}");
        assert_eq!(server.url(), format!("redis://127.0.0.1:{}", server.port()));
    }
}

#[tokio::test]
async fn a_server_that_is_dropped_is_gone_with_its_files() {
    let server = Server::redis(Flavour::Redis).start().await;
    let (port, files) = (server.port(), files_of(&server).await);
    assert!(files.exists());
    drop(server);
    assert!(!is_open(port) && !files.exists());
}

#[tokio::test]
async fn a_site_is_any_server_once_it_has_said_that_it_listens_and_is_gone_with_its_files() {
    let redis = program("redis-server", "redis-server");
    let ready = "Ready to accept connections";
    let arguments = |port: u16, folder: &Path| {
        std::fs::write(folder.join("conf"), format!("port {port}\nbind 127.0.0.1\n")).unwrap();
        vec![folder.join("conf").display().to_string()]
    };
    let site = Site::start(&redis, ready, arguments).await;
    let (port, files) = (site.address().rsplit(':').next().unwrap().parse().unwrap(), site.files());
    assert!(is_open(port) && files.join("conf").exists() && site.said().contains(ready));
    drop(site);
    assert!(!is_open(port) && !files.exists());
}

#[tokio::test]
async fn a_site_whose_port_was_taken_meanwhile_has_another() {
    let taken = std::sync::Mutex::new(Vec::new());
    let arguments = |port: u16, _: &Path| {
        let mut taken = taken.lock().unwrap();
        let first = taken.is_empty().then(|| std::net::TcpListener::bind(("127.0.0.1", port)).unwrap());
        taken.extend(first);
        ["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""].map(String::from).into()
    };
    let site = Site::start(&program("redis-server", "redis-server"), "Ready to accept connections", arguments).await;
    assert_ne!(site.address(), taken.lock().unwrap()[0].local_addr().unwrap().to_string());
}

#[tokio::test]
#[should_panic(expected = "does not start")]
async fn a_site_that_ends_at_once_is_told_of() {
    Site::start(&program("redis-server", "redis-server"), "Ready", |_, _| vec!["--no-such-setting".into()]).await;
}

/// What the test below starts and kills: a process that never drops its server.
#[tokio::test]
async fn starter() {
    if std::env::var_os("FRESHEN_STARTER").is_none() {
        return;
    }
    let server = Server::redis(Flavour::Redis).start().await;
    println!("\nstarted {} {}", server.port(), files_of(&server).await.display());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_server_whose_starter_is_killed_is_gone_with_its_files() {
    let mut starter = Command::new(std::env::current_exe().unwrap());
    starter.args(["--exact", "starter", "--nocapture"]).env("FRESHEN_STARTER", "1").stdout(Stdio::piped());
    let mut starter = starter.spawn().unwrap();
    let lines = BufReader::new(starter.stdout.take().unwrap()).lines();
    let started = lines.map(Result::unwrap).find(|line| line.starts_with("started")).unwrap();
    let [_, port, files] = started.split(' ').collect::<Vec<_>>()[..] else { panic!("{started}") };
    let port = port.parse().unwrap();
    assert!(is_open(port));
    starter.kill().unwrap();
    starter.wait().unwrap();
    let deadline = Instant::now() + DEADLINE;
    while is_open(port) || Path::new(files).exists() {
        assert!(Instant::now() < deadline, "the server at {port} or its folder {files} is still there");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_stopped_server_does_not_answer_until_it_goes_on() {
    let server = Server::redis(Flavour::Redis).start().await;
    server.stop_signal();
    assert!(timeout(Duration::from_millis(300), server.ask(&["PING"])).await.is_err());
    server.continue_signal();
    assert_eq!(server.command(&["PING"]).await, "PONG");
}

#[tokio::test]
async fn a_killed_server_comes_back_on_its_port_with_what_it_wrote() {
    for flavour in Flavour::ALL {
        let server = Server::redis(flavour).arg("--appendonly", "yes").arg("--appendfsync", "always").start().await;
        let (port, pid) = (server.port(), server.pid());
        server.command(&["SET", "a", "1"]).await;
        server.kill();
        assert!(server.ask(&["PING"]).await.is_err() && !server.is_up());
        server.restart().await;
        assert_eq!((server.port(), server.command(&["GET", "a"]).await), (port, "1".into()));
        assert_ne!(server.pid(), pid);
        server.restart_empty().await;
        assert_eq!(server.command(&["DBSIZE"]).await, "0");
    }
}

#[tokio::test]
async fn a_server_can_come_back_with_an_old_snapshot() {
    let server = Server::redis(Flavour::Redis).start().await;
    server.command(&["SET", "a", "old"]).await;
    server.command(&["SAVE"]).await;
    server.command(&["SET", "a", "new"]).await;
    server.restart().await;
    assert_eq!(server.command(&["GET", "a"]).await, "old");
}

#[tokio::test]
async fn a_server_has_the_bounds_that_it_was_given() {
    let server = Server::redis(Flavour::Valkey).arg("--maxmemory", "4mb").arg("--maxmemory-policy", "noeviction");
    let server = server.start().await;
    let fill = "for i = 1, 100000 do redis.call('SET', i, string.rep('x', 1000)) end";
    // A script that has begun is not stopped.
    server.command(&["EVAL", fill, "0"]).await;
    let error = server.ask(&["SET", "a", "1"]).await.unwrap_err();
    assert!(error.contains("OOM"), "{error}");
}

#[tokio::test]
async fn a_password_is_asked_for() {
    for flavour in Flavour::ALL {
        let server = Server::redis(flavour).password("secret").start().await;
        assert_eq!(server.url(), format!("redis://:secret@127.0.0.1:{}", server.port()));
        assert_eq!(server.command(&["ACL", "WHOAMI"]).await, "default");
        let stranger = Server::redis(flavour).start().await;
        let port = server.port().to_string();
        let error = stranger.ask(&["MIGRATE", "127.0.0.1", &port, "a", "0", "1000"]).await;
        assert_eq!(error.as_deref(), Ok("NOKEY"));
        stranger.command(&["SET", "a", "1"]).await;
        let error = stranger.ask(&["MIGRATE", "127.0.0.1", &port, "a", "0", "1000"]).await.unwrap_err();
        assert!(error.contains("NOAUTH"), "{error}");
    }
}

#[tokio::test]
async fn a_user_of_the_access_list_may_do_what_the_list_says() {
    for flavour in Flavour::ALL {
        let server = Server::redis(flavour).user("app on >pw ~mine:* +get +set").start().await;
        assert_eq!(server.url_of("app", "pw"), format!("redis://app:pw@127.0.0.1:{}", server.port()));
        let may = async |command: &[&str]| server.command(&[&["ACL", "DRYRUN", "app"], command].concat()).await;
        assert_eq!(may(&["SET", "mine:a", "1"]).await, "OK");
        assert_ne!(may(&["SET", "yours:a", "1"]).await, "OK");
        assert_ne!(may(&["DEL", "mine:a"]).await, "OK");
        assert!(server.command(&["ACL", "LIST"]).await.contains("user default off"));
    }
}

#[tokio::test]
async fn a_server_with_tls_speaks_nothing_else() {
    for flavour in Flavour::ALL {
        let server = Server::redis(flavour).tls().start().await;
        assert_eq!(server.url(), format!("rediss://127.0.0.1:{}", server.port()));
        assert_eq!(server.command(&["PING"]).await, "PONG");
        assert!(server.certificates().unwrap().authority().exists());
        assert_eq!(server.command(&["CONFIG", "GET", "port"]).await, "port\n0");
    }
}

#[tokio::test]
async fn a_cluster_serves_all_slots_and_promotes_a_replica() {
    for flavour in Flavour::ALL {
        let cluster = Cluster::start(flavour).await;
        let slot = cluster.slot_of("a").await;
        let master = cluster.master_of(slot).await;
        let replica = cluster.replica_of(slot).await;
        master.command(&["SET", "a", "1"]).await;
        master.command(&["WAIT", "1", "0"]).await;
        let new = cluster.fail_over(slot).await;
        assert_eq!((new.port(), cluster.master_of(slot).await.port()), (replica.port(), replica.port()));
        assert_eq!(new.command(&["GET", "a"]).await, "1");
        master.restart().await;
        assert_eq!(cluster.replica_of(slot).await.port(), master.port());
    }
}

#[tokio::test]
async fn a_slot_can_be_stopped_half_way_to_another_master() {
    for flavour in Flavour::ALL {
        let cluster = Cluster::start(flavour).await;
        let slot = cluster.slot_of("{t}").await;
        let from = cluster.master_of(slot).await;
        let to = cluster.master_of((slot + 8192) % 16384).await;
        for name in ["{t}a", "{t}b", "{t}\nc"] {
            from.command(&["SET", name, "1"]).await;
        }
        let mut moving = cluster.begin_move(slot, to).await;
        assert_eq!(moving.carry(2).await, 2);
        assert_eq!(from.command(&["CLUSTER", "COUNTKEYSINSLOT", &slot.to_string()]).await, "1");
        assert_eq!(cluster.master_of(slot).await.port(), from.port());
        assert_eq!((moving.carry(2).await, moving.carry(2).await), (1, 0));
        moving.finish().await;
        assert_eq!(cluster.master_of(slot).await.port(), to.port());
        assert_eq!(to.command(&["GET", "{t}\nc"]).await, "1");
        cluster.move_slot(slot, from).await;
        assert_eq!(from.command(&["GET", "{t}a"]).await, "1");
    }
}

#[tokio::test]
async fn sentinels_name_another_master_when_theirs_is_gone() {
    for flavour in Flavour::ALL {
        let watched = Sentinels::start(flavour).await;
        let old = watched.master().await;
        old.command(&["SET", "a", "1"]).await;
        old.command(&["WAIT", "2", "0"]).await;
        let new = watched.fail_over().await;
        assert_ne!(new.port(), old.port());
        assert_eq!(new.command(&["GET", "a"]).await, "1");
        old.restart().await;
        answers(old, &["CONFIG", "GET", "replica-read-only"], "replica-read-only\nyes").await;
        assert_eq!(watched.master().await.port(), new.port());
    }
}
