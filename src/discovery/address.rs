//! Which of this machine's addresses a phone in the same network can reach.
use std::net::{IpAddr, Ipv4Addr};

/// Name prefixes of interfaces that lead to containers, virtual machines and tunnels, not to a phone.
const VIRTUAL_PREFIXES: &[&str] = &[
    "docker",
    "br-",
    "veth",
    "virbr",
    "vmnet",
    "vbox",
    "tun",
    "tap",
    "wg",
    "tailscale",
    "zt",
    "lxc",
    "cni",
    "flannel",
];

/// Private IPv4 addresses of this machine, most useful first.
pub fn lan_addresses() -> Vec<Ipv4Addr> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut found: Vec<(u8, Ipv4Addr)> = interfaces
        .iter()
        .filter(|interface| !interface.is_loopback() && !interface.is_link_local())
        .filter_map(|interface| match interface.ip() {
            IpAddr::V4(ip) => Some((rank(&interface.name, ip), ip)),
            IpAddr::V6(_) => None,
        })
        .collect();
    found.sort_unstable();
    found.dedup_by_key(|(_, ip)| *ip);
    found.into_iter().map(|(_, ip)| ip).collect()
}

/// The same as links.
pub fn lan_urls(port: u16) -> Vec<String> {
    lan_addresses().into_iter().map(|ip| format!("http://{ip}:{port}")).collect()
}

/// This machine's name, lower case, without a domain.
pub fn host_name() -> Option<String> {
    let name = rustix::system::uname().nodename().to_str().ok()?.to_lowercase();
    let short = name.split('.').next().unwrap_or_default();
    if short.is_empty() { None } else { Some(short.to_owned()) }
}

fn rank(name: &str, ip: Ipv4Addr) -> u8 {
    let is_virtual = VIRTUAL_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    u8::from(is_virtual) * 2 + u8::from(!ip.is_private())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_address_of_a_real_interface_comes_first() {
        let home = rank("wlp2s0", Ipv4Addr::new(192, 168, 1, 7));
        let public = rank("eth0", Ipv4Addr::new(203, 0, 113, 5));
        let container = rank("docker0", Ipv4Addr::new(172, 17, 0, 1));
        assert!(home < public && public < container);
    }
}
