//! REST, streams and pages over HTTP: extract, call, answer.
//!
//! Knows services by their front doors, never how they store or encode. Routers are generic over the state, which `app`
//! owns; `ws` adds its own route beside these. One layer, `edge`, is passed by every request.
mod edge;
mod etag;
mod extract;
mod limits;
mod openapi;
mod pace;
mod pages;
mod problem;
mod range;
mod routes;
mod site;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::http::StatusCode;
use axum::middleware;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::auth::Auth;
use crate::hub::Hub;
use crate::library::Library;
use crate::media::Media;
use crate::store::Store;

pub use extract::{SignedIn, Visitor};
pub use pace::{Pace, Peer};
pub use problem::Problem;
pub use site::{Site, SiteConfig};

/// A state that has everything the handlers use.
pub trait Services: Clone + Send + Sync + 'static {}
impl<S: Clone + Send + Sync + 'static> Services for S {}

/// REST, streams, health and the document, with the limits of handlers.
pub fn routes<S>() -> Router<S>
where
    S: Services,
    Auth: FromRef<S>,
    Hub: FromRef<S>,
    Library: FromRef<S>,
    Media: FromRef<S>,
    Pace: FromRef<S>,
    Site: FromRef<S>,
    Store: FromRef<S>,
{
    let within = |limit| TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, limit);
    let (quick, mut document) = quick::<S>().split_for_parts();
    let (slow, rest) = routes::media::slow_router::<S>().split_for_parts();
    document.merge(rest);
    let quick = quick.merge(routes::document::router(&document)).merge(routes::health::router());
    // Of a stream the limit bounds how long it takes to begin, not how long it is.
    let slow = slow.merge(routes::stream::router()).merge(routes::subtitles::router());
    quick.layer(within(limits::HANDLER_MAX)).merge(slow.layer(within(limits::FILM_MAX)))
}

/// Puts the edge around everything; whatever no route takes is a page.
pub fn harden(router: Router, site: Site) -> Router {
    router
        .fallback(pages::page_or_asset)
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES_MAX))
        .layer(CatchPanicLayer::custom(edge::after_panic))
        .layer(CompressionLayer::new().compress_when(edge::worth_compressing))
        .layer(middleware::from_fn_with_state(site, edge::edge))
}

/// The API document.
pub fn openapi<S>() -> utoipa::openapi::OpenApi
where
    S: Services,
    Auth: FromRef<S>,
    Hub: FromRef<S>,
    Library: FromRef<S>,
    Media: FromRef<S>,
    Pace: FromRef<S>,
    Site: FromRef<S>,
{
    quick::<S>().merge(routes::media::slow_router()).into_openapi()
}

/// What answers at once.
fn quick<S>() -> OpenApiRouter<S>
where
    S: Services,
    Auth: FromRef<S>,
    Hub: FromRef<S>,
    Library: FromRef<S>,
    Media: FromRef<S>,
    Pace: FromRef<S>,
    Site: FromRef<S>,
{
    openapi::empty()
        .merge(routes::server::router())
        .merge(routes::auth::router())
        .merge(routes::media::router())
        .merge(routes::rooms::router())
        .merge(routes::library::router())
}
