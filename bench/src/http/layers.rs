//! What stands before a site: nothing, ours, or another cache of responses, each in memory and as its documentation sets it up.

use std::time::Duration;

use axum::error_handling::HandleErrorLayer;
use axum::http::StatusCode;
use axum::response::Response;
use axum::{BoxError, Router};
use axum_response_cache::CacheLayer as AxumResponseCache;
use bytes::Bytes;
use freshen::pages::PageCache;
use hitbox::policy::PolicyConfig;
use hitbox_backend::format::BincodeFormat;
use hitbox_http::extractors::Method;
use hitbox_http::extractors::path::PathExtractor;
use hitbox_http::predicates::NeutralRequestPredicate;
use hitbox_http::predicates::response::StatusCode as OfStatus;
use hitbox_moka::MokaBackend;
use http_body_util::{BodyExt, Full};
use http_cache::MokaManager;
use http_cache_tower_server::ServerCacheLayer;
use tower::ServiceBuilder;
use tower::util::AndThenLayer;
use tower_http_cache::CacheLayer as TowerHttpCache;
use tower_http_cache::backend::memory::InMemoryBackend;

use crate::Failure;
use crate::http::Server;

/// So many pages have room where room is counted in pages: more than any measurement needs.
const ROOM_PAGES: u64 = 100_000;
/// How long pages are fresh: longer than any measurement.
const TTL: Duration = Duration::from_secs(3_600);

/// The site behind the layer.
pub async fn before(site: Router, server: Server) -> Result<Router, Failure> {
    Ok(match server {
        Server::Bare => site,
        Server::Freshen => site.layer(PageCache::embedded().await?),
        // It keeps what comes, and reads no field of it.
        Server::AxumResponseCache => site.layer(AxumResponseCache::with_lifespan(TTL)),
        Server::TowerHttpCache => tower_http_cache(site),
        Server::HttpCacheTower => http_cache_tower_server(site),
        Server::Hitbox => hitbox(site),
    })
}

fn tower_http_cache(site: Router) -> Router {
    let cache = TowerHttpCache::builder(InMemoryBackend::new(ROOM_PAGES)).ttl(TTL).respect_cache_control(true).build();
    // It wants bodies that threads could share, which axum's are not: on a miss they are read before it.
    let whole = AndThenLayer::new(whole);
    site.layer(ServiceBuilder::new().layer(HandleErrorLayer::new(failed)).layer(cache).layer(whole))
}

async fn whole(response: Response) -> Result<Response<Full<Bytes>>, BoxError> {
    let (head, body) = response.into_parts();
    Ok(Response::from_parts(head, Full::new(body.collect().await?.to_bytes())))
}

fn http_cache_tower_server(site: Router) -> Router {
    let cache = ServerCacheLayer::new(MokaManager::new(moka::future::Cache::new(ROOM_PAGES)));
    site.layer(ServiceBuilder::new().layer(HandleErrorLayer::new(failed)).layer(cache))
}

/// With bincode, the quickest codec it has.
fn hitbox(site: Router) -> Router {
    let backend = MokaBackend::builder().max_entries(ROOM_PAGES);
    let config = hitbox_tower::Config::builder()
        .request_predicate(NeutralRequestPredicate::new())
        .response_predicate(OfStatus::new(StatusCode::OK))
        .extractor(Method::new().path("/{path}*"))
        .policy(PolicyConfig::builder().ttl(TTL).build())
        .build();
    site.layer(
        hitbox_tower::Cache::builder().backend(backend.value_format(BincodeFormat).build()).config(config).build(),
    )
}

async fn failed(error: BoxError) -> (StatusCode, String) {
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}
