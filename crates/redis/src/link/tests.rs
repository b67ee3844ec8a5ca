use std::time::Instant;

use freshen_testkit::servers::{Flavour, Server};

use super::*;

fn links(port: u16) -> Links {
    let address = Address { host: "127.0.0.1".to_owned(), port };
    let (connect_timeout, response_timeout) = (Duration::from_secs(5), Duration::from_secs(3));
    let access = Access { user: None, password: None, database: 0, tls: None, connect_timeout, response_timeout };
    Links::new(Servers::Single(address), access, Clock::runtime(), Duration::from_secs(2))
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
