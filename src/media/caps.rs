//! What a client can play, as it says itself. Pure.
use std::collections::BTreeSet;

use serde::Deserialize;

/// Names a client may use; anything else is ignored, so that the number of different answers stays small.
const VIDEO: [&str; 7] = ["av1", "h264", "hdr", "hevc", "hevc10", "vp8", "vp9"];
const AUDIO: [&str; 7] = ["aac", "ac3", "eac3", "flac", "mp3", "opus", "vorbis"];
const CONTAINERS: [&str; 5] = ["flac", "mp3", "mp4", "ogg", "webm"];
/// What every client has: without these nothing can be offered at all.
const BASE: [&str; 3] = ["h264", "aac", "mp4"];

/// What a client can play. `hevc` means 8-bit, `hevc10` also 10-bit; `hdr` that it decodes PQ and HLG and shows them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(default)]
pub struct ClientCaps {
    /// Video codecs.
    pub video: BTreeSet<String>,
    /// Sound codecs.
    pub audio: BTreeSet<String>,
    /// Containers for files that are played as they are.
    pub containers: BTreeSet<String>,
    /// Plays segments through Media Source Extensions; otherwise through the browser's own HLS.
    pub mse: bool,
}

impl Default for ClientCaps {
    /// A plain browser.
    fn default() -> Self {
        Self {
            video: names("h264", ',', &VIDEO, BASE[0]),
            audio: names("aac,mp3", ',', &AUDIO, BASE[1]),
            containers: names("mp4,mp3", ',', &CONTAINERS, BASE[2]),
            mse: true,
        }
    }
}

impl ClientCaps {
    /// Reads `v=h264,hevc&a=aac,opus&c=mp4,webm&mse=1`. What is not given is as in a plain browser; unknown names
    /// are ignored.
    pub fn from_query(query: &str) -> Self {
        let mut caps = Self::default();
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let value = value.replace("%2C", ",").replace("%2c", ",");
            match name {
                "v" => caps.video = names(&value, ',', &VIDEO, BASE[0]),
                "a" => caps.audio = names(&value, ',', &AUDIO, BASE[1]),
                "c" => caps.containers = names(&value, ',', &CONTAINERS, BASE[2]),
                "mse" => caps.mse = value != "0",
                _ => {}
            }
        }
        caps
    }

    /// Reads `{"video":["hevc"],"audio":["opus"],"containers":["webm"],"mse":true}` by the same rules as a query.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        let said: Self = serde_json::from_slice(json)?;
        let known = |said: &BTreeSet<String>, known: &[&str], base: &str| {
            said.iter()
                .map(String::as_str)
                .filter(|name| known.contains(name))
                .chain([base])
                .map(str::to_owned)
                .collect()
        };
        Ok(Self {
            video: known(&said.video, &VIDEO, BASE[0]),
            audio: known(&said.audio, &AUDIO, BASE[1]),
            containers: known(&said.containers, &CONTAINERS, BASE[2]),
            mse: said.mse,
        })
    }

    /// One path segment that says the same: `h264-hevc.aac-mp3.mp4`, with `.native` at the end without MSE.
    pub fn to_key(&self) -> String {
        let join = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join("-");
        let native = if self.mse { "" } else { ".native" };
        format!("{}.{}.{}{native}", join(&self.video), join(&self.audio), join(&self.containers))
    }

    /// Reads what [`Self::to_key`] wrote; `None` for anything else.
    pub fn from_key(key: &str) -> Option<Self> {
        let mut parts = key.split('.');
        let caps = Self {
            video: names(parts.next()?, '-', &VIDEO, BASE[0]),
            audio: names(parts.next()?, '-', &AUDIO, BASE[1]),
            containers: names(parts.next()?, '-', &CONTAINERS, BASE[2]),
            mse: parts.next().is_none(),
        };
        (caps.to_key() == key).then_some(caps)
    }
}

fn names(list: &str, separator: char, known: &[&str], base: &str) -> BTreeSet<String> {
    list.split(separator).map(str::trim).filter(|name| known.contains(name)).chain([base]).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use crate::media::caps::ClientCaps;

    #[test]
    fn a_query_becomes_a_key_and_the_key_the_same_caps() {
        let caps = ClientCaps::from_query("v=hevc,h264&a=aac%2Copus&c=mp4,webm&other=1&broken");
        assert_eq!(caps.to_key(), "h264-hevc.aac-opus.mp4-webm");
        assert_eq!(ClientCaps::from_key(&caps.to_key()), Some(caps));
        let native = ClientCaps { mse: false, ..ClientCaps::default() };
        assert_eq!(ClientCaps::from_key(&native.to_key()), Some(native));
    }

    #[test]
    fn unknown_names_are_ignored_and_the_base_is_always_there() {
        assert_eq!(ClientCaps::from_query("v=%00,x264&a=&c=..%2F").to_key(), "h264.aac.mp4");
        assert_eq!(ClientCaps::from_query(""), ClientCaps::default());
    }

    #[test]
    fn json_says_the_same_as_a_query() {
        let caps = ClientCaps::from_json(br#"{"video":["hevc","x264"],"containers":["webm"],"mse":false}"#).unwrap();
        assert_eq!(caps, ClientCaps::from_query("v=hevc&c=webm&mse=0"));
        assert_eq!(ClientCaps::from_json(b"{}").unwrap(), ClientCaps::default());
        assert!(ClientCaps::from_json(b"hevc").is_err() && ClientCaps::from_json(br#"{"video":"hevc"}"#).is_err());
    }

    #[test]
    fn keys_that_are_not_canonical_are_refused() {
        for key in ["", "h264", "hevc.aac.mp4", "h264.aac.mp4.x", "h264.aac.mp4.native.native", "h264-h264.aac.mp4"] {
            assert_eq!(ClientCaps::from_key(key), None, "{key}");
        }
    }
}
