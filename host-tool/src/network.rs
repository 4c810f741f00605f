//! Networks, and the ones that `cisor serve` answers.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

/// A network of IPv4 addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: u32,
    mask: u32,
}

impl Network {
    const fn new(address: [u8; 4], prefix: u32) -> Self {
        let mask = match prefix {
            0 => 0,
            prefix => u32::MAX << (32 - prefix),
        };
        Self { address: u32::from_be_bytes(address) & mask, mask }
    }

    fn contains(self, address: Ipv4Addr) -> bool {
        u32::from(address) & self.mask == self.address
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected an address like 192.168.1.0/24".to_owned();
        let (address, prefix) = text.split_once('/').unwrap_or((text, "32"));
        let address: Ipv4Addr = address.parse().map_err(|_| wrong())?;
        let prefix = prefix.parse().ok().filter(|&prefix| prefix <= 32).ok_or_else(wrong)?;
        Ok(Self::new(address.octets(), prefix))
    }
}

/// The networks that are answered. A datagram's sender can be forged, and a server that answers everybody
/// could be abused to flood a third party.
#[derive(Clone, Debug)]
pub(crate) struct Allowed(Vec<Network>);

impl Allowed {
    /// Allows these networks or, if there are none, all private ones.
    pub(crate) fn new(asked: &[Network]) -> Self {
        Self(asked.to_vec())
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match address {
            // What is not part of the internet.
            IpAddr::V4(address) if self.0.is_empty() => {
                address.is_private() || address.is_link_local() || address.is_loopback()
            }
            IpAddr::V4(address) => self.0.iter().any(|network| network.contains(address)),
            IpAddr::V6(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(networks: &[&str], address: &str) -> bool {
        let networks: Vec<Network> = networks.iter().map(|text| text.parse().unwrap()).collect();
        Allowed::new(&networks).contains(address.parse().unwrap())
    }

    #[test]
    fn only_private_networks_are_answered_unless_others_are_named() {
        for local in ["10.1.2.3", "172.31.0.1", "192.168.178.123", "169.254.9.9", "127.0.0.1"] {
            assert!(allows(&[], local), "{local}");
        }
        for public in ["8.8.8.8", "172.32.0.1", "192.169.0.1", "11.0.0.1", "::1"] {
            assert!(!allows(&[], public), "{public}");
        }
        assert!(allows(&["203.0.113.0/24", "10.0.0.7"], "203.0.113.9"));
        assert!(allows(&["203.0.113.0/24", "10.0.0.7"], "10.0.0.7"));
        assert!(!allows(&["203.0.113.0/24", "10.0.0.7"], "10.0.0.8"));
        assert!(allows(&["0.0.0.0/0"], "8.8.8.8"));
    }

    #[test]
    fn what_is_not_a_network_is_refused() {
        for text in ["", "192.168.1", "192.168.1.0/33", "192.168.1.0/", "fe80::/10", "/8"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
