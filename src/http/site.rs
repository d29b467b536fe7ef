//! What the edge knows of the server itself: its names, its addresses, and which links a phone can open.
use std::net::IpAddr;
use std::sync::Arc;

use axum::http::uri::Authority;
use axum::http::{HeaderMap, header};

use crate::discovery;

/// Endings that home routers give to names in their network.
const HOME_SUFFIXES: &[&str] = &["lan", "home", "internal", "home.arpa", "fritz.box", "localdomain"];

/// The server's view of itself. Clones share it.
#[derive(Clone)]
pub struct Site {
    inner: Arc<SiteConfig>,
}

/// What a [`Site`] is built from.
#[derive(Debug, Default)]
pub struct SiteConfig {
    /// What the server is called.
    pub name: String,
    /// The port it listens on.
    pub port: u16,
    /// Whether other machines reach it.
    pub on_lan: bool,
    /// The address people outside use, without a slash at the end.
    pub public_url: Option<String>,
    /// This machine's name, lower case.
    pub host_name: Option<String>,
}

impl Site {
    /// From its configuration.
    pub fn new(config: SiteConfig) -> Self {
        Self { inner: Arc::new(config) }
    }

    /// What the server is called.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Whether people reach it through TLS.
    pub(super) fn is_https(&self) -> bool {
        self.inner.public_url.as_ref().is_some_and(|url| url.starts_with("https://"))
    }

    /// Where phones in the same network reach it, best first. Asked anew each time: a laptop moves between networks.
    pub fn lan(&self) -> Vec<String> {
        if self.inner.on_lan { discovery::lan_urls(self.inner.port) } else { Vec::new() }
    }

    /// The beginning of links to share: what others can open, even if the asking browser runs on the server's machine.
    pub(super) fn share_base(&self, headers: &HeaderMap) -> String {
        if let Some(url) = &self.inner.public_url {
            return url.clone();
        }
        let host = host_of(headers).unwrap_or_default();
        if !host.is_empty() && !is_loopback(name_of(host)) {
            return format!("http://{host}");
        }
        self.lan().into_iter().next().unwrap_or_else(|| format!("http://localhost:{}", self.inner.port))
    }

    /// Whether a request for this host is meant for us. Anything else may be a foreign page that points its own name at
    /// our address to read the answers.
    pub(super) fn answers_to(&self, headers: &HeaderMap) -> bool {
        let Some(host) = host_of(headers).filter(|host| is_host(host)) else { return false };
        let name = name_of(host).trim_end_matches('.').to_lowercase();
        let ours = self.inner.host_name.as_deref().is_some_and(|own| {
            let rest = name.strip_prefix(own);
            rest.is_some_and(|rest| {
                rest.is_empty() || rest.strip_prefix('.').is_some_and(|s| HOME_SUFFIXES.contains(&s))
            })
        });
        let public = self.inner.public_url.as_deref().map(host_of_url);
        ours || is_ip(&name)
            || matches!(name.rsplit('.').next(), Some("localhost" | "local"))
            || public.is_some_and(|public| name_of(public).eq_ignore_ascii_case(&name))
    }

    /// Whether a request that changes something comes from our own page, or from no page at all.
    pub(super) fn same_origin(&self, headers: &HeaderMap) -> bool {
        match headers.get(header::ORIGIN) {
            None => headers.get("sec-fetch-site").is_none_or(|site| site != "cross-site"),
            Some(origin) => {
                let Ok(origin) = origin.to_str() else { return false };
                let from = host_of_url(origin);
                let public = self.inner.public_url.as_deref().map(host_of_url);
                host_of(headers).is_some_and(|host| host.eq_ignore_ascii_case(from)) || public == Some(from)
            }
        }
    }
}

fn host_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST)?.to_str().ok()
}

/// A name or address and at most a port that is a number, nothing else: what stands around the name would end up in links.
fn is_host(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let is_port = |rest: &str| {
        rest.is_empty()
            || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok() && !port.starts_with('+'))
    };
    !name.is_empty() && host.strip_prefix(name).is_some_and(is_port)
}

/// `http://host:1/path` is `host:1`.
fn host_of_url(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

/// Without the port.
fn name_of(host: &str) -> &str {
    if host.starts_with('[') {
        return host.split_inclusive(']').next().unwrap_or(host);
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

fn parse_ip(name: &str) -> Option<IpAddr> {
    name.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_ip(name: &str) -> bool {
    parse_ip(name).is_some()
}

fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || parse_ip(name).is_some_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    fn site(public_url: Option<&str>) -> Site {
        Site::new(SiteConfig {
            name: "Den".into(),
            port: 8420,
            on_lan: true,
            public_url: public_url.map(Into::into),
            host_name: Some("den".into()),
        })
    }

    #[test]
    fn only_our_own_names_are_answered() {
        let site = site(Some("https://party.example.org"));
        for host in
            ["192.168.1.7:8420", "[::1]:8420", "localhost", "den", "DEN.local:1", "den.lan", "party.example.org"]
        {
            assert!(site.answers_to(&headers(host, None)), "{host}");
        }
        for host in [
            "evil.example",
            "den.evil.example",
            "dense",
            "localhost.evil.example",
            "party.example.org.evil.example",
            "192.168.1.7:x@evil.com",
            "192.168.1.7:80@evil.com",
            "user@192.168.1.7",
            "192.168.1.7:x",
            "192.168.1.7:",
            "192.168.1.7:99999",
            "[::1]:x",
            "[::1]x:1",
            "192.168.1.7/evil",
            "",
        ] {
            assert!(!site.answers_to(&headers(host, None)), "{host}");
        }
    }

    #[test]
    fn a_foreign_page_changes_nothing() {
        let site = site(None);
        assert!(site.same_origin(&headers("den:8420", Some("http://den:8420"))));
        assert!(site.same_origin(&headers("den:8420", None)));
        for origin in ["http://den:1", "http://evil.example", "null", "http://den:8420.evil.example"] {
            assert!(!site.same_origin(&headers("den:8420", Some(origin))), "{origin}");
        }
    }

    #[test]
    fn a_link_made_on_the_servers_own_machine_opens_on_a_phone() {
        let base = site(None).share_base(&headers("localhost:8420", None));
        assert!(discovery::lan_addresses().is_empty() || !base.contains("localhost"), "{base}");
        assert_eq!(site(None).share_base(&headers("den.lan:8420", None)), "http://den.lan:8420");
        assert_eq!(site(Some("https://p.example")).share_base(&headers("localhost", None)), "https://p.example");
    }
}
