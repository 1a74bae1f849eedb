//! Which peers are proxies of the operator's own, so that what they say of a request's origin is believed.

use std::net::IpAddr;

use serde::Deserialize;

/// Addresses and networks (`10.0.0.0/8`) of proxies.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Proxies(Vec<Network>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u32,
}

impl TryFrom<Vec<String>> for Proxies {
    type Error = String;

    fn try_from(texts: Vec<String>) -> Result<Proxies, String> {
        let network = |text: &String| {
            network(text).ok_or_else(|| {
                format!("proxies (LCR_PROXIES): \"{text}\" should be an address or a network, such as 10.0.0.0/8")
            })
        };
        texts.iter().map(network).collect::<Result<_, _>>().map(Proxies)
    }
}

impl Proxies {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is one of them.
    pub fn has(&self, peer: IpAddr) -> bool {
        self.0.iter().any(|network| network.has(peer.to_canonical()))
    }
}

fn network(text: &str) -> Option<Network> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.trim().parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.unwrap_or(most);
    (bits <= most).then_some(Network { address, bits })
}

impl Network {
    fn has(self, peer: IpAddr) -> bool {
        // What is left of both when the bits of the host are shifted out; a shift by all of them leaves nothing.
        match (self.address, peer) {
            (IpAddr::V4(own), IpAddr::V4(peer)) => {
                (own.to_bits() ^ peer.to_bits()).checked_shr(32 - self.bits).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(peer)) => {
                (own.to_bits() ^ peer.to_bits()).checked_shr(128 - self.bits).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_the_addresses_that_begin_as_it_does() {
        let texts = ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "0.0.0.0/0"];
        let one = |text: &str| Proxies::try_from(vec![text.to_owned()]).expect(text);
        let has = |text: &str, peer: &str| one(text).has(peer.parse().expect(peer));
        for (text, peer, expected) in [
            (texts[0], "10.255.0.1", true),
            (texts[0], "::ffff:10.1.2.3", true),
            (texts[0], "11.0.0.1", false),
            (texts[0], "2001:db8::1", false),
            (texts[1], "192.0.2.7", true),
            (texts[1], "192.0.2.8", false),
            (texts[2], "2001:db8:1::1", true),
            (texts[2], "2001:db9::1", false),
            (texts[3], "203.0.113.9", true),
            (texts[3], "::1", false),
        ] {
            assert_eq!(has(text, peer), expected, "{text} {peer}");
        }
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "proxy.example", "10.0.0.0/"] {
            assert!(Proxies::try_from(vec![wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
