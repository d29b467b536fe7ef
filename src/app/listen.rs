//! Finds a port and opens the sockets.
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::app::AppError;
use crate::config::{Port, Settings};

/// Open sockets.
pub(super) struct Listening {
    pub(super) sockets: Vec<TcpListener>,
    pub(super) port: u16,
    /// How a browser on this machine reaches them.
    pub(super) url: String,
    /// Whether other machines can.
    pub(super) on_lan: bool,
    /// The port that it would have been, had it not been taken.
    pub(super) instead_of: Option<u16>,
}

/// Listens on the asked port, or on the first free one.
pub(super) fn bind(settings: &Settings) -> Result<Listening, AppError> {
    let (from, to) = match settings.port {
        Port::Exactly(port) => (port, port),
        Port::FirstFree { from, to } => (from, to),
    };
    for port in from..=to {
        match bind_all(&settings.bind, port) {
            Ok(sockets) => return listening(settings, sockets, (port != from).then_some(from)),
            Err((_, error)) if error.kind() == ErrorKind::AddrInUse => {}
            Err((address, source)) => return Err(AppError::Listen { address: address.to_string(), source }),
        }
    }
    if from == to { Err(AppError::PortInUse { port: from }) } else { Err(AppError::NoFreePort { from, to }) }
}

fn listening(settings: &Settings, sockets: Vec<TcpListener>, instead_of: Option<u16>) -> Result<Listening, AppError> {
    let port = sockets.first().map_or(Ok(0), |socket| socket.local_addr().map(|address| address.port()))?;
    let loopback = |ip: &IpAddr| ip.is_unspecified() || *ip == IpAddr::V4(Ipv4Addr::LOCALHOST);
    let host = match settings.bind.first() {
        _ if settings.bind.iter().any(loopback) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Some(ip) => *ip,
        None => IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let on_lan = settings.bind.iter().any(|ip| !ip.is_loopback());
    Ok(Listening { sockets, port, url: format!("http://{}", SocketAddr::new(host, port)), on_lan, instead_of })
}

fn bind_all(addresses: &[IpAddr], mut port: u16) -> Result<Vec<TcpListener>, (SocketAddr, std::io::Error)> {
    let mut sockets = Vec::new();
    // `[::]` first: where it takes IPv4 as well, the IPv4 socket is neither possible nor needed.
    let mut ordered = addresses.to_vec();
    ordered.sort_by_key(|ip| std::cmp::Reverse(ip.is_ipv6() && ip.is_unspecified()));
    let mut dual = false;
    for ip in ordered {
        let address = SocketAddr::new(ip, port);
        match listen(address) {
            Ok(socket) => {
                port = socket.local_addr().map_err(|error| (address, error))?.port();
                dual |= ip == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
                sockets.push(socket);
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse && dual && ip.is_ipv4() => {}
            // A machine without IPv6.
            Err(error) if ip == IpAddr::V6(Ipv6Addr::UNSPECIFIED) && error.kind() != ErrorKind::AddrInUse => {
                tracing::debug!(%error, "no IPv6");
            }
            Err(error) => return Err((address, error)),
        }
    }
    Ok(sockets)
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = std::net::TcpListener::bind(address)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket)
}

#[cfg(test)]
mod tests {
    use crate::config::Layer;

    use super::*;

    #[tokio::test]
    async fn a_default_port_that_is_taken_is_remembered_to_be_told() {
        let data = tempfile::tempdir().unwrap();
        let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let from = taken.local_addr().unwrap().port();
        let layer = Layer { data_dir: Some(data.path().to_path_buf()), ..Layer::default() };
        let mut settings = Settings::load(layer).unwrap();
        settings.bind = vec![Ipv4Addr::LOCALHOST.into()];
        settings.port = Port::FirstFree { from, to: from.saturating_add(50) };
        let moved = bind(&settings).unwrap();
        assert!(moved.instead_of == Some(from) && moved.port != from);
        settings.port = Port::Exactly(0);
        assert_eq!(bind(&settings).unwrap().instead_of, None);
    }
}
