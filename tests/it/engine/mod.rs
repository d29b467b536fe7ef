//! The media engine on real files and on films made for the purpose.
mod probing;
mod segments;
