//! Owns where a request came from: the peer, or what proxies of the operator's own say of it. Nobody else is believed.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{FORWARDED, HeaderMap, HeaderName};

use crate::config::Proxies;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address that a request came from. Each proxy adds, at the end, whom it heard; so the list is read from there, as far
/// as the operator's own proxies wrote it.
pub fn origin(peer: Option<SocketAddr>, headers: &HeaderMap, proxies: &Proxies) -> Option<IpAddr> {
    let peer = peer?.ip().to_canonical();
    if proxies.is_empty() || !proxies.has(peer) {
        return Some(peer);
    }
    // One of the two: a proxy that writes neither passes on what its client made up, and which that is cannot be known.
    let listed: Vec<&str> = if headers.contains_key(X_FORWARDED_FOR) {
        texts(headers, X_FORWARDED_FOR)
    } else {
        texts(headers, FORWARDED).into_iter().map(node).collect()
    };
    let mut heard = peer;
    for text in listed.into_iter().rev() {
        let Some(address) = address(text) else { break };
        heard = address;
        if !proxies.has(heard) {
            break;
        }
    }
    Some(heard)
}

/// Whose bucket an address fills: a network of IPv6 gives its hosts as many addresses as they like.
pub fn household(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(own) => IpAddr::V6((own.to_bits() & (u128::MAX << 64)).into()),
    }
}

fn texts(headers: &HeaderMap, name: HeaderName) -> Vec<&str> {
    headers.get_all(name).flat_map(|value| value.to_str().unwrap_or_default().split(',')).collect()
}

/// Whom an element of Forwarded is for (RFC 7239 §4).
fn node(element: &str) -> &str {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for")).map(|(_, value)| value).next().unwrap_or_default()
}

/// An address as proxies write it: with a port or not, in quotes and brackets or not.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let plain = text.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(text);
    let found = plain.parse().ok().or_else(|| plain.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    found.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn heard(peer: &str, headers: &[(&str, &str)]) -> String {
        let proxies = ["10.0.0.0/8", "127.0.0.1"].map(str::to_owned).to_vec();
        let proxies = Proxies::try_from(proxies).expect("proxies");
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().expect("a name");
            map.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        let peer = format!("{peer}:1").parse().expect("a peer");
        origin(Some(peer), &map, &proxies).expect("an address").to_string()
    }

    #[test]
    fn only_what_proxies_of_our_own_wrote_is_believed() {
        let list = "x-forwarded-for";
        for (peer, headers, expected) in [
            ("203.0.113.9", vec![(list, "198.51.100.1")], "203.0.113.9"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec![(list, "198.51.100.1")], "198.51.100.1"),
            // What the client wrote itself stands before what the proxy heard.
            ("10.0.0.1", vec![(list, "1.2.3.4, 198.51.100.1, 10.0.0.2")], "198.51.100.1"),
            ("10.0.0.1", vec![(list, "1.2.3.4"), (list, "198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", vec![(list, "1.2.3.4, nonsense, 10.0.0.2")], "10.0.0.2"),
            ("10.0.0.1", vec![(list, "")], "10.0.0.1"),
            ("127.0.0.1", vec![(list, "198.51.100.1:4711")], "198.51.100.1"),
            ("10.0.0.1", vec![("forwarded", "for=1.2.3.4, for=\"[2001:db8::7]:80\";proto=https")], "2001:db8::7"),
            ("10.0.0.1", vec![("forwarded", "proto=https;For=198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", vec![("forwarded", "for=unknown")], "10.0.0.1"),
            ("10.0.0.1", vec![("forwarded", "for=1.2.3.4"), (list, "198.51.100.1")], "198.51.100.1"),
        ] {
            assert_eq!(heard(peer, &headers), expected, "{peer} {headers:?}");
        }
    }

    #[test]
    fn a_network_of_ipv6_is_one_household() {
        let of = |text: &str| household(text.parse().expect(text)).to_string();
        assert_eq!(of("2001:db8::1:2:3:4"), of("2001:db8::9:9:9:9"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
        assert_eq!(of("192.0.2.7"), "192.0.2.7");
    }
}
