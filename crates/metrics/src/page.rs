//! One page for one or several caches.

use freshen_core::Cache;

use crate::counts::Counts;
use crate::family::FAMILIES;
use crate::gauges::Gauges;
use crate::metrics::Metrics;
use crate::text::Text;

/// The content type to serve a page under.
pub const METRICS_CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Two caches of one page have the same name, or both have none: their lines could not be told apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("metrics: two caches on one page {}", .cache_name.as_ref().map_or("have no name".to_owned(), |name| format!("are named {name:?}")))]
pub struct RepeatedName {
    /// The name.
    pub cache_name: Option<String>,
}

/// One page for several caches, each with the metrics that observe it.
///
/// A family of the format may stand on a page once only, so pages of [`Metrics::render`] cannot be put one after the other.
/// Caches that share a queue each show all of its tasks.
///
/// ```
/// # use freshen_core::Cache;
/// use freshen_metrics::{Metrics, render_all};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (orders, people) = (Metrics::named("orders"), Metrics::named("people"));
/// let order_cache = Cache::builder().observer(orders.clone()).build().await?;
/// let people_cache = Cache::builder().observer(people.clone()).build().await?;
/// let page = render_all(&[(&orders, &order_cache), (&people, &people_cache)]).await?;
/// assert!(page.contains(r#"freshen_near_entries{cache="orders"} 0"#));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`RepeatedName`], when two have the same name.
///
/// # Cancellation
/// As [`Metrics::render`].
pub async fn render_all(caches: &[(&Metrics, &Cache)]) -> Result<String, RepeatedName> {
    let mut parts: Vec<Part<'_>> = Vec::with_capacity(caches.len());
    for (metrics, cache) in caches {
        let name = metrics.cache_name();
        if parts.iter().any(|part| part.cache_name == name) {
            return Err(RepeatedName { cache_name: name.map(str::to_owned) });
        }
        parts.push(metrics.part(cache).await);
    }
    Ok(page(&parts))
}

/// What one cache adds to a page.
#[derive(Debug)]
pub struct Part<'a> {
    pub cache_name: Option<&'a str>,
    pub counts: &'a Counts,
    pub gauges: Gauges,
}

/// Writes every family, with the lines of each cache.
pub fn page(parts: &[Part<'_>]) -> String {
    let mut text = Text::default();
    for family in FAMILIES {
        text.begin(family);
        for part in parts {
            (family.write)(part, &mut text.lines(family, part.cache_name));
        }
    }
    text.end()
}
