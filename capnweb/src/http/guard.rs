//! The guard: no web page may call a peer, though every web page may send requests to this machine.
//!
//! A page from anywhere can make a browser send something to `http://127.0.0.1:8080`. The browser
//! then names the page, in `Origin` and `Sec-Fetch-Site`. And the owner of a name can let it point
//! to 127.0.0.1, so that the browser believes page and peer to be one; but then that name stands
//! in `Host`. Programs that are no browsers say nothing of this, and may call.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::refusal::Refusal;
use super::request::Request;

/// Whether this request may come in, on a connection whose end on our side has that address.
pub(super) fn check(request: &Request, here: SocketAddr) -> Result<(), Refusal> {
    let mut hosts = request.headers("Host");
    let host = hosts.next().ok_or(Refusal::NO_HOST)?;
    if hosts.next().is_some() {
        return Err(Refusal::TWO_HOSTS);
    }
    if ![Some(host), request.address()].iter().flatten().all(|host| is_ours(host, here)) {
        return Err(Refusal::FOREIGN_HOST);
    }
    let is_same_page = |origin: &str| {
        let from = origin.strip_prefix("http://");
        from.is_some_and(|from| from.eq_ignore_ascii_case(host))
    };
    // "same-site" can be another port of this machine, and "none" is a person who typed it.
    let is_no_page = |site: &str| ["same-origin", "none"].contains(&site);
    if request.headers("Origin").all(is_same_page)
        && request.headers("Sec-Fetch-Site").all(is_no_page)
    {
        Ok(())
    } else {
        Err(Refusal::FOREIGN_PAGE)
    }
}

/// Whether a `Host` means us: this machine, or the address that was dialed; at our port, or
/// without one. An address is no name, so nobody can let it point elsewhere.
pub(super) fn is_ours(host: &str, here: SocketAddr) -> bool {
    // The last colon is before the port, unless it is within the brackets of an address.
    let (name, given) = match host.rsplit_once(':') {
        Some((name, given)) if !given.ends_with(']') => (name, Some(given)),
        _ => (host, None),
    };
    let v6 = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let v6 = v6.and_then(|v6| v6.parse().ok()).map(IpAddr::V6);
    let address = v6.or_else(|| name.parse::<Ipv4Addr>().ok().map(IpAddr::V4));
    let is_this_machine = name.eq_ignore_ascii_case("localhost")
        || address.is_some_and(|it| match it {
            IpAddr::V4(v4) => v4.is_loopback(),
            IpAddr::V6(v6) => v6 == Ipv6Addr::LOCALHOST,
        })
        || address.is_some_and(|it| it == here.ip());
    is_this_machine && given.is_none_or(|given| given == here.port().to_string())
}
