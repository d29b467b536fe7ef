//! How people find the server: addresses of this machine in its networks, and QR codes.
//!
//! Never opens a socket. Called by `app` for the start banner and by `http` for share links.
mod address;
mod qr;

pub use address::{host_name, lan_addresses, lan_urls};
pub use qr::{qr_svg, qr_terminal};
