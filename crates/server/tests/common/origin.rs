//! A source of the test's: it says what it is told, waits when it is told, and is gone when it is dropped.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::{StreamExt, stream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

#[derive(Clone)]
struct Script {
    saying: Arc<Mutex<(StatusCode, String, String)>>,
    held: watch::Sender<bool>,
    asked: Arc<AtomicUsize>,
}

pub struct Origin {
    pub url: String,
    script: Script,
    /// Its own, so that open connections end with it. Absent only while it is dropped.
    runtime: Option<Runtime>,
}

async fn answer(State(script): State<Script>) -> Response {
    script.asked.fetch_add(1, Ordering::SeqCst);
    let mut held = script.held.subscribe();
    held.wait_for(|held| !held).await.unwrap();
    let (status, kind, body) = script.saying.lock().unwrap().clone();
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}

/// A body that never ends: a chunk after each pause.
fn endless(chunk: Vec<u8>, pause: Duration) -> Response {
    let chunks = stream::repeat(Bytes::from(chunk)).then(move |chunk| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, Infallible>(chunk)
    });
    Body::from_stream(chunks).into_response()
}

impl Origin {
    pub fn saying(kind: &str, body: &str) -> Origin {
        let saying = Arc::new(Mutex::new((StatusCode::OK, kind.to_owned(), body.to_owned())));
        let script = Script { saying, held: watch::Sender::new(false), asked: Arc::default() };
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}/list", listener.local_addr().unwrap());
        let app = Router::new()
            .route("/list", get(answer))
            .route("/flood", get(|| async { endless(vec![b'x'; 64 << 10], Duration::ZERO) }))
            .route("/trickle", get(|| async { endless(b"not yet\n".into(), Duration::from_millis(100)) }))
            .with_state(script.clone());
        runtime.spawn(async move { axum::serve(listener, app).await });
        Origin { url, script, runtime: Some(runtime) }
    }

    pub fn list(lines: &[&str]) -> Origin {
        Origin::saying("application/json", &serde_json::to_string(lines).unwrap())
    }

    /// Another of its paths: `flood` and `trickle` never end, and others are not there.
    pub fn at(&self, path: &str) -> String {
        self.url.replace("/list", &format!("/{path}"))
    }

    /// From now on it says this.
    pub fn say(&self, status: u16, body: &str) {
        let mut saying = self.script.saying.lock().unwrap();
        (saying.0, saying.2) = (StatusCode::from_u16(status).unwrap(), body.to_owned());
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.script.asked.load(Ordering::SeqCst)
    }

    /// Whether it keeps those who ask waiting.
    pub fn hold(&self, held: bool) {
        self.script.held.send_replace(held);
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
