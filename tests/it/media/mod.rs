//! The media service, on plans made of thin air and on real files.
mod cuts;
mod streams;
