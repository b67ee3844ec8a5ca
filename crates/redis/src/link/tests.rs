use freshen_testkit::servers::{Flavour, Server};

use super::*;

fn links(port: u16) -> Links {
    to(Servers::Single(at(port)), Duration::from_secs(5), Duration::from_secs(2))
}

fn to(servers: Servers, connect_timeout: Duration, patience: Duration) -> Links {
    Links::new(servers, access(connect_timeout), Clock::runtime(), patience, Home::here())
}

fn access(connect_timeout: Duration) -> Access {
    let response_timeout = Duration::from_secs(3);
    Access {
        user: None,
        password: None,
        sentinel_password: None,
        database: 0,
        tls: None,
        connect_timeout,
        response_timeout,
    }
}

fn at(port: u16) -> Address {
    Address { host: "127.0.0.1".to_owned(), port }
}

/// A Cluster of one server, which has the slots up to this one.
async fn cluster(last_slot: u16) -> Server {
    let server = Server::redis(Flavour::Redis).arg("--cluster-enabled", "yes").start().await;
    server.command(&["CLUSTER", "ADDSLOTSRANGE", "0", &last_slot.to_string()]).await;
    server
}

/// Servers that can be connected to and answer nothing.
async fn silent(count: usize) -> Vec<Server> {
    let mut servers = Vec::new();
    for _ in 0..count {
        let server = Server::redis(Flavour::Redis).start().await;
        server.stop_signal();
        servers.push(server);
    }
    servers
}

async fn echo(links: &Links, word: &[u8]) -> Result<Value, LinkError> {
    let place = Place::new("test", 0);
    let script = Script::new("echo", &["return {KEYS[1], ARGV[1]}"]);
    let key = place.key(":a");
    links.on(&place, Repeat::Never, async |route: Route| route.script(&script, &[key.as_bytes()], &[word]).await).await
}

fn echoed(word: &[u8]) -> Value {
    Value::Array(vec![Value::BulkString(b"{test:0}:a".to_vec()), Value::BulkString(word.to_vec())])
}

/// Tries until the server is there.
async fn ready(links: &Links) {
    let until = Instant::now() + Duration::from_secs(20);
    while let Err(error) = echo(links, b"").await {
        assert!(Instant::now() < until, "{error}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_script_that_the_server_does_not_have_is_sent_whole() {
    let server = Server::redis(Flavour::Redis).start().await;
    let links = links(server.port());
    ready(&links).await;
    let place = Place::new("test", 0);
    let flush = redis::pipe().cmd("SCRIPT").arg("FLUSH").clone();
    links.on(&place, Repeat::Harmless, async |route: Route| route.commands(&flush).await).await.unwrap();
    assert_eq!(echo(&links, b"again").await.unwrap(), echoed(b"again"));
}

#[tokio::test]
async fn a_server_that_stops_answering_costs_one_time_out_and_not_one_for_each_caller() {
    let server = Server::redis(Flavour::Redis).start().await;
    let links = links(server.port());
    ready(&links).await;
    server.stop_signal();
    assert!(matches!(echo(&links, b"first").await, Err(LinkError::TimedOut { .. })));
    let began = Instant::now();
    for _ in 0..100 {
        assert!(matches!(echo(&links, b"next").await, Err(LinkError::Down { .. })));
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    server.continue_signal();
    ready(&links).await;
}

#[tokio::test]
async fn an_unreachable_server_is_an_error_at_once_and_is_used_when_it_is_there() {
    let server = Server::redis(Flavour::Redis).start().await;
    let links = links(server.port());
    ready(&links).await;
    server.kill();
    let until = Instant::now() + Duration::from_secs(10);
    while echo(&links, b"").await.is_ok() {
        assert!(Instant::now() < until);
    }
    assert!(matches!(echo(&links, b"").await, Err(LinkError::Down { .. })));
    server.restart().await;
    ready(&links).await;
}

#[tokio::test]
async fn a_blocking_read_has_a_connection_of_its_own_that_tells_when_it_ends() {
    let server = Server::redis(Flavour::Redis).start().await;
    let links = links(server.port());
    ready(&links).await;
    let place = Place::new("test", 0);
    let own = links.dedicated(&place, None).await.unwrap();
    let key = place.key(":list");
    let waiting = own.clone();
    let blocked = tokio::spawn(async move { waiting.command(redis::cmd("BLPOP").arg(key).arg(0)).await });
    echo(&links, b"beside").await.unwrap();
    server.kill();
    assert!(matches!(blocked.await.unwrap(), Err(LinkError::Broken { .. })));
    own.broken().await;
}

#[tokio::test]
async fn seeds_that_do_not_answer_hold_up_nobody_where_one_does() {
    let (alive, silent) = (cluster(16_383).await, silent(3).await);
    ready(&to(Servers::Cluster(vec![at(alive.port())]), Duration::from_secs(5), Duration::from_secs(2))).await;
    let seeds: Vec<Address> = silent.iter().chain([&alive]).map(|server| at(server.port())).collect();
    let time_out = Duration::from_secs(10);
    let links = to(Servers::Cluster(seeds), time_out, Duration::from_secs(2));
    let began = Instant::now();
    assert_eq!(echo(&links, b"word").await.unwrap(), echoed(b"word"));
    assert!(began.elapsed() < time_out, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_cluster_that_does_not_answer_costs_one_time_out_and_not_one_for_each_seed_or_caller() {
    let silent = silent(3).await;
    let seeds = silent.iter().map(|server| at(server.port())).collect();
    let time_out = Duration::from_secs(3);
    let links = to(Servers::Cluster(seeds), time_out, Duration::from_secs(2));
    let began = Instant::now();
    let crowd = futures_util::future::join_all((0..20).map(|_| echo(&links, b"at once"))).await;
    assert!(crowd.iter().all(Result::is_err));
    for _ in 0..10 {
        assert!(matches!(echo(&links, b"after").await, Err(LinkError::Down { .. })));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(began.elapsed() < 3 * time_out, "{:?}", began.elapsed());
}

/// Refusals of `CLUSTERDOWN` that the server has given.
async fn refusals(server: &Server) -> u32 {
    let about = server.command(&["INFO", "errorstats"]).await;
    let line = about.lines().find_map(|line| line.trim().strip_prefix("errorstat_CLUSTERDOWN:count="));
    line.map_or(0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn a_place_that_failed_a_moment_ago_fails_at_once_and_is_used_when_it_answers() {
    let server = cluster(16_382).await;
    let patience = Duration::from_secs(2);
    let links = to(Servers::Cluster(vec![at(server.port())]), Duration::from_secs(5), patience);
    let began = Instant::now();
    let first = echo(&links, b"first").await.unwrap_err();
    assert!(matches!(first, LinkError::Refused { refusal: Refusal::Again, .. }), "{first}");
    assert!(began.elapsed() >= patience, "the first tries for as long as it may");
    let (before, began) = (refusals(&server).await, Instant::now());
    for _ in 0..50 {
        assert!(echo(&links, b"next").await.is_err());
    }
    let took = began.elapsed();
    let tried = refusals(&server).await - before;
    assert!(took < patience * 2, "50 callers: {took:?}");
    // One in 200 ms looks whether it has passed, for 50 ms, in which it asks at most five times.
    assert!(u128::from(tried) <= 5 * (took.as_millis() / 200 + 1), "{tried} in {took:?}");
    server.command(&["CLUSTER", "ADDSLOTS", "16383"]).await;
    ready(&links).await;
}

/// A caller came when the runtime of the links had ended: the task that he began was dropped at once, under the lock that its
/// end takes.
#[test]
fn a_caller_who_comes_when_the_runtime_has_ended_is_connected_all_the_same() {
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (ended, other) = (runtime(), runtime());
    let (home, server) = ended.block_on(async { (Home::here(), Server::redis(Flavour::Redis).start().await) });
    drop(ended);
    let access = access(Duration::from_secs(20)).into();
    let node = Node::new(Origin::At(at(server.port())), access, Clock::runtime(), home);
    let link = other.block_on(async { tokio::time::timeout(Duration::from_secs(30), node.link()).await });
    assert!(link.expect("it is made").is_ok());
}
