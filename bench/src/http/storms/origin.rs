//! The origin of a storm, in a process of its own: it takes its time for each page, and counts who asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::routing::get;

use super::CONTENT;
use crate::Failure;
use crate::http::site::{listener, orders, say};

/// Serves until its orders end. It says its address, and at each order how many requests have reached it.
///
/// What it says of a page stands in the page's path: `/max-age=2,stale-if-error=60`.
pub fn serve(takes: Duration) -> Result<(), Failure> {
    let asked = Arc::new(AtomicU64::new(0));
    crate::runtime::threaded()?.block_on(async {
        let counting = asked.clone();
        let page = move |Path(cache_control): Path<String>| {
            counting.fetch_add(1, Ordering::Relaxed);
            async move {
                tokio::time::sleep(takes).await;
                ([("cache-control", cache_control)], CONTENT)
            }
        };
        let origin: Router = Router::new().route("/{said}", get(page));
        let listener = listener()?;
        say(&listener.local_addr()?.to_string())?;
        let serving = tokio::spawn(async { axum::serve(listener, origin).await });
        let said = move |_: &str| Ok(asked.load(Ordering::Relaxed).to_string());
        tokio::task::spawn_blocking(move || orders(said)).await??;
        serving.abort();
        Ok(())
    })
}
