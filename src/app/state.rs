//! Everything handlers may ask for. Private: a handler names the one service it uses, never this.
use axum::extract::FromRef;

use crate::auth::Auth;
use crate::http::{Pace, Site};
use crate::hub::Hub;
use crate::library::Library;
use crate::media::Media;
use crate::store::Store;
use crate::ws::Sockets;

#[derive(Clone)]
pub(super) struct AppState {
    pub(super) auth: Auth,
    pub(super) hub: Hub,
    pub(super) library: Library,
    pub(super) media: Media,
    pub(super) pace: Pace,
    pub(super) site: Site,
    pub(super) sockets: Sockets,
    pub(super) store: Store,
}

macro_rules! part {
    ($field:ident: $part:ty) => {
        impl FromRef<AppState> for $part {
            fn from_ref(state: &AppState) -> Self {
                state.$field.clone()
            }
        }
    };
}

part!(auth: Auth);
part!(hub: Hub);
part!(library: Library);
part!(media: Media);
part!(pace: Pace);
part!(site: Site);
part!(sockets: Sockets);
part!(store: Store);
