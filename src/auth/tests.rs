use std::time::Duration;

use super::*;
use crate::clock::{Instant, ManualClock};
use crate::model::{MediaId, MediaTime};

struct Bench {
    auth: Auth,
    clock: Arc<ManualClock>,
    dir: tempfile::TempDir,
}

async fn bench() -> Bench {
    let clock = Arc::new(ManualClock::starting_at(Instant::from_ms(1_700_000_123_456)));
    let dir = tempfile::tempdir().unwrap();
    Bench { auth: open(dir.path(), clock.clone()).await.unwrap(), clock, dir }
}

/// As the server does at its start.
async fn open(dir: &Path, clock: Arc<ManualClock>) -> Result<Auth, AuthError> {
    let database = tempfile::tempdir().unwrap();
    let file = if dir.exists() { dir.join("t.db") } else { database.path().join("t.db") };
    Auth::open(dir, Store::open(&file).unwrap(), clock).await
}

fn ann() -> DisplayName {
    DisplayName::new("Ann").unwrap()
}

fn film() -> MediaId {
    MediaId::from_bytes([7; 16])
}

#[tokio::test]
async fn a_guest_is_recognised_until_the_day_is_over() {
    let Bench { auth, clock, .. } = bench().await;
    let issued = auth.issue_guest(ann(), Some("7K3M9QXA".parse().unwrap()));
    assert_eq!(auth.verify(&issued.token).unwrap(), issued.claims);
    clock.advance(Duration::from_secs(GUEST_LIFE_S));
    assert!(matches!(auth.verify(&issued.token), Err(AuthError::Expired)));
}

#[tokio::test]
async fn a_session_that_was_ended_is_refused_everywhere_at_once_and_after_a_restart() {
    let Bench { auth, clock, dir } = bench().await;
    let issued = auth.issue_guest(ann(), None);
    let stream = auth.sign_stream(issued.claims.session, film());
    auth.revoke(issued.claims.session).await.unwrap();
    for auth in [auth, open(dir.path(), clock).await.unwrap()] {
        assert!(matches!(auth.verify(&issued.token), Err(AuthError::Revoked)));
        assert!(matches!(auth.verify_stream(&stream), Err(AuthError::Revoked)));
    }
}

#[tokio::test]
async fn no_changed_token_passes() {
    let Bench { auth, .. } = bench().await;
    let session = auth.anonymous_session();
    for token in [auth.sign_stream(session, film()), auth.issue_guest(ann(), None).token] {
        for at in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            // The last character of a base64 text carries bits that mean nothing; the decoder refuses those.
            assert!(auth.verify_stream(&forged).is_err() && auth.verify(&forged).is_err(), "{at}");
        }
    }
}

#[tokio::test]
async fn tokens_without_signature_or_of_another_kind_are_refused() {
    let Bench { auth, .. } = bench().await;
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJhdWQiOiJ3YXRjaHBhcnR5In0.";
    let long = "x".repeat(10_000);
    for token in ["", ".", "..", unsigned, long.as_str(), &auth.sign_stream(auth.anonymous_session(), film())] {
        assert!(auth.verify(token).is_err());
    }
    assert!(auth.verify_stream(&auth.issue_guest(ann(), None).token).is_err());
}

#[tokio::test]
async fn a_stream_address_lives_two_hours_at_most_and_is_stable_for_a_while() {
    let Bench { auth, clock, .. } = bench().await;
    let session = auth.anonymous_session();
    let token = auth.sign_stream(session, film());
    clock.advance(Duration::from_secs(1));
    assert_eq!(auth.sign_stream(session, film()), token);
    assert_eq!(auth.verify_stream(&token).unwrap().media, film());
    clock.advance(Duration::from_secs(STREAM_LIFE_S));
    assert!(matches!(auth.verify_stream(&token), Err(AuthError::Expired)));
}

#[tokio::test]
async fn an_address_for_another_player_outlasts_a_long_film_and_still_ends_with_its_session() {
    let Bench { auth, clock, .. } = bench().await;
    let issued = auth.issue_guest(ann(), None);
    let hours = |n: i64| MediaTime::from_ms(n * 60 * 60 * 1000);
    assert_eq!(elsewhere_life_s(hours(2)), 12 * 60 * 60);
    assert_eq!(elsewhere_life_s(hours(6)), 18 * 60 * 60);
    assert_eq!(elsewhere_life_s(MediaTime::from_ms(i64::MAX)), GUEST_LIFE_S, "ended sessions are forgotten after that");
    let token = auth.sign_stream_for(issued.claims.session, film(), elsewhere_life_s(hours(2)));
    clock.advance(Duration::from_hours(11));
    assert!(auth.verify_stream(&token).is_ok());
    auth.revoke(issued.claims.session).await.unwrap();
    assert!(matches!(auth.verify_stream(&token), Err(AuthError::Revoked)));
}

#[tokio::test]
async fn the_key_survives_a_restart_and_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let Bench { auth, clock, dir } = bench().await;
    let issued = auth.issue_guest(ann(), None);
    assert!(open(dir.path(), clock).await.unwrap().verify(&issued.token).is_ok());
    let mode = std::fs::metadata(dir.path().join("secret.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_folder_without_room_for_a_key_is_refused() {
    let clock = Arc::new(ManualClock::default());
    assert!(matches!(open(Path::new("/no/such/folder"), clock.clone()).await, Err(AuthError::KeyFile { .. })));
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("secret.key"), b"short").unwrap();
    assert!(matches!(open(dir.path(), clock).await, Err(AuthError::BadKeyFile { .. })));
}

#[tokio::test]
async fn the_set_up_link_works_once_and_is_remembered() {
    let Bench { auth, clock, dir } = bench().await;
    let token = auth.make_setup_token().unwrap();
    assert!(auth.claim("wrong", ann()).await.is_err() && !auth.is_claimed());
    assert_eq!(auth.claim(&token, ann()).await.unwrap().claims.role, Role::Host);
    assert!(auth.claim(&token, ann()).await.is_err() && auth.is_claimed());
    assert!(open(dir.path(), clock).await.unwrap().is_claimed());
}
