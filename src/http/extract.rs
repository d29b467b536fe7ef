//! What handlers take out of a request, with problems for what is wrong with it.
use axum::Json;
use axum::extract::{FromRef, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use crate::auth::{Auth, Claims};
use crate::http::problem::Problem;

/// The cookie that holds a browser's session token.
pub(super) const COOKIE: &str = "wp_session";

/// Whoever asks, if they are signed in.
pub struct Visitor(pub Option<Claims>);

/// Somebody who is signed in, if only with a name.
pub struct SignedIn(pub Claims);

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

/// Parts of the path. One that is no id names nothing: 404.
pub(super) struct InPath<T>(pub(super) T);

/// The query.
pub(super) struct InQuery<T>(pub(super) T);

impl<S> FromRequestParts<S> for Visitor
where
    Auth: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let auth = Auth::from_ref(state);
        if let Some(token) = bearer(&parts.headers) {
            return Ok(Self(Some(auth.verify(token)?)));
        }
        // A cookie from another day must lock nobody out of what needs no session.
        Ok(Self(cookie(&parts.headers).and_then(|token| auth.verify(token).ok())))
    }
}

impl<S> FromRequestParts<S> for SignedIn
where
    Auth: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Visitor::from_request_parts(parts, state).await? {
            Visitor(Some(claims)) => Ok(Self(claims)),
            Visitor(None) => {
                Err(Problem::new(StatusCode::UNAUTHORIZED, "sign_in", "Say who you are first: join with a name."))
            }
        }
    }
}

impl<T, S> FromRequest<S> for Body<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => match rejection.status() {
                StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST => {
                    let text = rejection.body_text();
                    // Which field and why; not that a "target type" was meant.
                    let why = text.split_once(": ").map_or(text.as_str(), |(_, why)| why);
                    Err(Problem::new(rejection.status(), "invalid_body", format!("The body is not understood: {why}")))
                }
                status => Err(Problem::of_status(status)),
            },
        }
    }
}

impl<T, S> FromRequestParts<S> for InPath<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(Problem::of_status(StatusCode::NOT_FOUND)),
        }
    }
}

impl<T, S> FromRequestParts<S> for InQuery<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::new(StatusCode::BAD_REQUEST, "invalid_query", rejection.body_text())),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).find_map(|line| {
        line.split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(name, value)| (name == COOKIE).then_some(value))
    })
}
