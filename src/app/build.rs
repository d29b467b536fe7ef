//! Builds the services and wires news between them: where rooms go tells the media engine what to make next.
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use axum::Router;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::AppError;
use crate::app::demo;
use crate::app::listen::Listening;
use crate::app::state::AppState;
use crate::auth::Auth;
use crate::clock::{SharedClock, SystemClock};
use crate::config::Settings;
use crate::discovery;
use crate::http;
use crate::http::{Pace, Site, SiteConfig};
use crate::hub::{Hub, PlayheadMoved, RoomMedia};
use crate::library::{Library, LibraryConfig};
use crate::media::cache_bytes_default;
use crate::media::{Group, Media, MediaConfig, Playhead, Tuning};
use crate::model::{MediaId, MediaTime, RoomCode};
use crate::store::Store;
use crate::ws;
use crate::ws::{Guest, Sockets};

/// Engine threads never exceed this, however many cores there are.
const ENGINE_THREADS_MAX: usize = 16;

/// What `run` needs of what was built.
pub(super) struct Built {
    pub(super) auth: Auth,
    pub(super) clock: SharedClock,
    pub(super) library: Library,
    pub(super) media: Media,
    pub(super) router: Router,
    pub(super) site: Site,
    pub(super) stop: CancellationToken,
    pub(super) store: Store,
    pub(super) tracker: TaskTracker,
}

pub(super) async fn services(settings: &Settings, listening: &Listening) -> Result<Built, AppError> {
    let clock: SharedClock = Arc::new(SystemClock);
    let tracker = TaskTracker::new();
    let stop = CancellationToken::new();
    std::fs::create_dir_all(&settings.cache_dir)
        .map_err(|source| AppError::Folder { path: settings.cache_dir.clone(), source })?;
    let store = Store::open(&settings.data_dir.join("watchparty.db"))?;
    let auth = Auth::open(&settings.data_dir, store.clone(), clock.clone()).await?;
    let media_config = MediaConfig {
        cache_dir: settings.cache_dir.clone(),
        cache_bytes_max: settings.cache_bytes_max.unwrap_or_else(|| cache_bytes_default(&settings.cache_dir)),
        threads: engine_threads(),
        tuning: Tuning::Measured,
    };
    let media = Media::start_with(&media_config, store.clone(), clock.clone())?;
    let hub = Hub::new(clock.clone(), tracker.clone(), stop.clone(), ws::translate::encode);
    let library = Library::new(
        store.clone(),
        media.clone(),
        LibraryConfig { roots: demo::roots(settings)?, cache_dir: settings.cache_dir.clone() },
        clock.clone(),
        tracker.clone(),
        stop.clone(),
    );
    let following = follow(hub.follow(), library.clone(), media.clone());
    tracker.spawn(stop.clone().run_until_cancelled_owned(following));
    let host_name = discovery::host_name();
    let site = Site::new(SiteConfig {
        name: host_name.clone().unwrap_or_else(|| "watchparty".to_owned()),
        port: listening.port,
        on_lan: listening.on_lan,
        public_url: settings.public_url.clone(),
        host_name,
    });
    let sockets = Sockets {
        hub: hub.clone(),
        clock: clock.clone(),
        tracker: tracker.clone(),
        stop: stop.clone(),
        verify: verify(auth.clone()),
        patience: ws::Patience::default(),
        find_title: find_title(library.clone()),
    };
    let state = AppState {
        auth: auth.clone(),
        hub,
        library: library.clone(),
        media: media.clone(),
        pace: Pace::new(clock.clone()),
        site: site.clone(),
        sockets,
        store: store.clone(),
    };
    let router = http::routes::<AppState>().merge(ws::router()).with_state(state);
    let router = http::harden(router, site.clone());
    Ok(Built { auth, clock, library, media, router, site, stop, store, tracker })
}

/// Engine threads that suit this machine.
pub(crate) fn engine_threads() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).min(ENGINE_THREADS_MAX)
}

/// Tells the media engine where rooms are. Looks for several files at once: one in a folder that does not answer holds
/// up no other film.
async fn follow(mut news: broadcast::Receiver<PlayheadMoved>, library: Library, media: Media) {
    // The latest places in each film whose file is being looked for.
    let mut places: HashMap<MediaId, BTreeMap<Group, Playhead>> = HashMap::new();
    let mut looks = FuturesUnordered::new();
    loop {
        tokio::select! {
            moved = news.recv() => match moved {
                Ok(PlayheadMoved { room, media: None, .. }) => {
                    let over = group(&room);
                    for rooms in places.values_mut() {
                        rooms.remove(&over);
                    }
                    media.part(over);
                }
                Ok(PlayheadMoved { room, media: Some(title), position_ms, playing }) => {
                    // Those whose file is being looked for have a place already.
                    let looked_for = places.contains_key(&title);
                    places.entry(title).or_default().insert(group(&room), Playhead { position_ms, playing });
                    if !looked_for {
                        let library = library.clone();
                        looks.push(async move { (title, library.source(title).await) });
                    }
                }
                // Older moves are of no use anyway.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            // A film that is gone is told to whoever asks for its bytes, not here.
            Some((id, source)) = looks.next() => {
                if let (Some(rooms), Ok(source)) = (places.remove(&id), source) {
                    for (group, place) in rooms {
                        media.follow(&source, group, place);
                    }
                }
            }
        }
    }
}

/// A room as the media engine knows it: by a number.
fn group(room: &RoomCode) -> Group {
    let mut hasher = DefaultHasher::new();
    room.hash(&mut hasher);
    Group(hasher.finish())
}

fn verify(auth: Auth) -> ws::Verify {
    Arc::new(move |token| {
        let claims = auth.verify(token).ok()?;
        Some(Guest { name: claims.name, session: claims.session, room: claims.room })
    })
}

fn find_title(library: Library) -> ws::FindTitle {
    Arc::new(move |id: MediaId| {
        let library = library.clone();
        Box::pin(async move {
            let title = library.title(id).await.ok().flatten().filter(|title| title.playable)?;
            Some(RoomMedia { id, title: title.title, duration: MediaTime::from_ms(title.duration_ms) })
        })
    })
}
