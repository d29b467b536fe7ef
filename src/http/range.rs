//! A file in answer to a request with or without a range (RFC 9110, section 14), for direct play.
use std::io::SeekFrom;
use std::ops::Range;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use crate::http::etag;
use crate::http::limits::DIRECT_CHUNK_BYTES;
use crate::http::problem::Problem;

/// What the answer is about.
pub(super) struct Representation {
    pub(super) file: File,
    pub(super) size: u64,
    /// Strong, with quotes.
    pub(super) etag: String,
    pub(super) content_type: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part(Range<u64>),
    Nothing,
}

/// The answer. Several ranges at once are answered with the whole file, as the RFC allows.
pub(super) async fn serve(mut what: Representation, method: &Method, headers: &HeaderMap) -> Response {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if etag::has(headers, &what.etag) {
        return dressed(StatusCode::NOT_MODIFIED.into_response(), &what);
    }
    // A range of another version of the file would be put together with this one's bytes.
    let same = text(header::IF_RANGE).is_none_or(|tag| tag == what.etag);
    let wanted = text(header::RANGE).filter(|_| same).map_or(Wanted::All, |range| parse(range, what.size));
    let (status, part) = match wanted {
        Wanted::All => (StatusCode::OK, 0..what.size),
        Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Wanted::Nothing => {
            let mut response = Problem::of_status(StatusCode::RANGE_NOT_SATISFIABLE).into_response();
            insert(&mut response, header::CONTENT_RANGE, &format!("bytes */{}", what.size));
            return response;
        }
    };
    let length = part.end - part.start;
    if part.start > 0 && what.file.seek(SeekFrom::Start(part.start)).await.is_err() {
        return Problem::internal().into_response();
    }
    let mut response = dressed((status, Body::empty()).into_response(), &what);
    insert(&mut response, header::CONTENT_LENGTH, &length.to_string());
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {}-{}/{}", part.start, part.end - 1, what.size);
        insert(&mut response, header::CONTENT_RANGE, &range);
    }
    if *method != Method::HEAD {
        let bytes = ReaderStream::with_capacity(what.file.take(length), DIRECT_CHUNK_BYTES);
        *response.body_mut() = Body::from_stream(bytes);
    }
    response
}

fn dressed(mut response: Response, what: &Representation) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(what.content_type));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    insert(&mut response, header::ETAG, &what.etag);
    response
}

fn insert(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// What cannot be understood is as if it were not there.
fn parse(range: &str, size: u64) -> Wanted {
    let Some(spec) = range.trim().strip_prefix("bytes=") else { return Wanted::All };
    let Some((first, last)) = spec.split_once('-') else { return Wanted::All };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let part = match (first.trim().is_empty(), last.trim().is_empty()) {
        (false, true) => number(first).map(|first| first..size),
        (false, false) => number(first)
            .zip(number(last))
            .filter(|(first, last)| first <= last)
            .map(|(first, last)| first..last.saturating_add(1).min(size)),
        (true, false) => number(last).map(|tail| size.saturating_sub(tail)..size),
        (true, true) => None,
    };
    match part {
        None => Wanted::All,
        Some(part) if part.start < part.end => Wanted::Part(part),
        Some(_) => Wanted::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_rfc_has_them() {
        for (text, wanted) in [
            ("bytes=0-", Wanted::Part(0..100)),
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=10-19", Wanted::Part(10..20)),
            ("bytes=90-900", Wanted::Part(90..100)),
            ("bytes=-10", Wanted::Part(90..100)),
            ("bytes=-1000", Wanted::Part(0..100)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=200-300", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-4", Wanted::All),
            ("bytes=0-1,5-6", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("pages=1-2", Wanted::All),
            ("bytes=0-18446744073709551615", Wanted::Part(0..100)),
        ] {
            assert_eq!(parse(text, 100), wanted, "{text}");
        }
        assert_eq!(parse("bytes=0-", 0), Wanted::Nothing);
    }
}
