//! Errors as RFC 9457 problems: the one place where an error becomes a status and a body.
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::auth::AuthError;
use crate::hub::HubError;
use crate::library::LibraryError;
use crate::media::MediaError;
use crate::protocol::rest;
use crate::store::StoreError;

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A failed request. `code` is stable, `detail` is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into() }
    }

    pub(super) fn not_found(code: &'static str, detail: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// Nobody has this code, or no longer. The same for REST and for the socket's door.
    pub fn no_room() -> Self {
        Self::not_found("room_not_found", "There is no room with this code; it may have ended.")
    }

    pub(super) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong in the server; its log says what.",
        )
    }

    /// For an answer that has a status but says nothing in our words.
    pub(super) fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => ("not_found", "There is nothing at this address."),
            StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "This address does not take that method."),
            StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "The request is larger than this server takes."),
            StatusCode::GATEWAY_TIMEOUT => ("timeout", "The server took too long; try again."),
            StatusCode::RANGE_NOT_SATISFIABLE => ("range", "The file does not have that range."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ("json_expected", "The body must be JSON, with that content type."),
            status if status.is_server_error() => return Self { status, ..Self::internal() },
            _ => ("bad_request", "The request is not understood."),
        };
        Self::new(status, code, detail)
    }

    /// The answer, with the request's id in it.
    pub(super) fn render(&self, instance: &str) -> Response {
        let body = rest::Problem {
            kind: format!("urn:watchparty:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            code: self.code.to_owned(),
            instance: instance.to_owned(),
        };
        let mut response = Response::new(Body::from(serde_json::to_vec(&body).unwrap_or_default()));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, CONTENT_TYPE);
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl IntoResponse for Problem {
    /// The edge renders it again with the request's id, which only the edge knows.
    fn into_response(self) -> Response {
        let mut response = self.render("");
        response.extensions_mut().insert(self);
        response
    }
}

impl From<LibraryError> for Problem {
    fn from(error: LibraryError) -> Self {
        let detail = error.to_string();
        match error {
            LibraryError::Unknown => Self::not_found("media_not_found", "There is no such title in the library."),
            LibraryError::BadCursor => Self::new(StatusCode::BAD_REQUEST, "bad_cursor", "The cursor is not valid."),
            LibraryError::Gone => Self::new(StatusCode::GONE, "media_gone", detail),
            LibraryError::Changed => Self::new(StatusCode::CONFLICT, "media_changed", detail),
            LibraryError::NotPlayable(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "not_playable", detail),
            LibraryError::NoPoster => Self::not_found("no_poster", "There is no picture for this title."),
            LibraryError::Store(error) => error.into(),
        }
    }
}

impl From<MediaError> for Problem {
    fn from(error: MediaError) -> Self {
        let detail = error.to_string();
        match error {
            MediaError::NotFound => Self::not_found("no_such_segment", "There is no such rendition or segment."),
            MediaError::Unplayable(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "not_playable", detail),
            MediaError::PictureDamaged { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "picture_damaged", detail),
            MediaError::Busy => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "The server converts as much as it can; try again in a moment.",
            ),
            MediaError::Cancelled => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "cancelled", "The server stopped this work; try again.")
            }
            other => {
                tracing::error!(error = %other, "the media engine failed");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "media_failed",
                    "This part of the film cannot be converted.",
                )
            }
        }
    }
}

impl From<AuthError> for Problem {
    /// For session tokens; stream addresses answer 403 where they are checked.
    fn from(error: AuthError) -> Self {
        let code = match error {
            AuthError::Expired => "token_expired",
            AuthError::Revoked => "session_ended",
            AuthError::Store(error) => return error.into(),
            _ => "token_invalid",
        };
        Self::new(StatusCode::UNAUTHORIZED, code, format!("Sign in again: {error}."))
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the database did not answer");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "database", "The database does not answer at the moment.")
    }
}

impl From<HubError> for Problem {
    fn from(error: HubError) -> Self {
        match error {
            HubError::Full => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_rooms", "There is no space for another room.")
            }
            HubError::Closed => Self::not_found("room_not_found", "This room is closed."),
            HubError::Join(_) => Self::new(StatusCode::CONFLICT, "room_full", "Nobody else can come in."),
            HubError::Entropy => Self::internal(),
        }
    }
}
