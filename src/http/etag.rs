//! Entity tags: naming bytes, and not sending again what the other side has (RFC 9110, section 13).
use aws_lc_rs::digest;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Bytes of hash in a tag.
const HASH_BYTES: usize = 12;

/// The tag of bytes.
pub(super) fn of_bytes(bytes: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA256, bytes);
    let hex = hash.as_ref()[..HASH_BYTES].iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    format!("\"{hex}\"")
}

/// The tag of a text. Weak: on the way it may be compressed.
pub(super) fn of_text(text: &str) -> String {
    format!("W/{}", of_bytes(text.as_bytes()))
}

/// Whether the asker has this already.
pub(super) fn has(headers: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    known.is_some_and(|tags| tags.trim() == "*" || tags.split(',').any(|known| opaque(known) == opaque(tag)))
}

/// The answer to one who has it.
pub(super) fn not_modified(tag: &str, caching: HeaderValue) -> Response {
    tagged((StatusCode::NOT_MODIFIED, [(header::CACHE_CONTROL, caching)]).into_response(), tag)
}

/// The same answer with its tag.
pub(super) fn tagged(mut response: Response, tag: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, header};

    use crate::http::etag::{has, of_text};

    #[test]
    fn a_tag_is_found_in_a_list_whether_weak_or_not() {
        let asks = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
            has(&headers, "\"abc\"")
        };
        for known in ["\"abc\"", "W/\"abc\"", "\"x\", W/\"abc\"", "*"] {
            assert!(asks(known), "{known}");
        }
        for other in ["\"ab\"", "abc", "", "\"x\",\"y\""] {
            assert!(!asks(other), "{other}");
        }
        assert!(!has(&HeaderMap::new(), "\"abc\""));
        assert_ne!(of_text("a"), of_text("b"));
    }
}
