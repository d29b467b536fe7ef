//! The media engine on real files and on films made for the purpose.
mod content;
mod damage;
mod index;
mod library;
mod measure;
mod pictures;
mod posters;
mod probing;
mod rate;
mod segments;
mod sound;
mod sound_heard;
