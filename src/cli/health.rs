//! `watchparty health`: asks the server that uses this data folder. For health checks of containers, without curl.
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::app;
use crate::cli::CliError;
use crate::config::{Port, Settings};

const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn ask(settings: &Settings) -> Result<String, CliError> {
    let port = match settings.port {
        Port::Exactly(port) | Port::FirstFree { from: port, .. } => port,
    };
    let url = app::running_url(&settings.data_dir).unwrap_or_else(|| format!("http://127.0.0.1:{port}"));
    match ready(&url) {
        Ok(true) => Ok(format!("the server at {url} is ready\n")),
        Ok(false) => Err(CliError::Failed(format!("the server at {url} is not ready"))),
        Err(error) => Err(CliError::Failed(format!("no server answers at {url}: {error}"))),
    }
}

fn ready(url: &str) -> std::io::Result<bool> {
    let host = url.trim_start_matches("http://");
    let address: SocketAddr = host.parse().map_err(std::io::Error::other)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    Ok(head == *b"HTTP/1.1 200")
}
