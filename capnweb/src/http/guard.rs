//! The guard: no web page may call a peer, though every web page may send requests to this machine.
//!
//! A page from anywhere can make a browser send something to `http://127.0.0.1:8080`. The browser
//! then names the page, in `Origin` and `Sec-Fetch-Site`. And the owner of a name can let it point
//! to 127.0.0.1, so that the browser believes page and peer to be one; but then that name stands
//! in `Host`. Programs that are no browsers say nothing of this, and may call.
//!
//! One thing is open to any page: to send its whole tab to our page, by a link. Then that page is
//! gone.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::origin::{Origin, is_port, read_v6, split_port};
use super::refusal::Refusal;
use super::request::Request;

/// Whether this request may come in, on a connection whose end on our side has that address. Behind
/// a proxy, `origins` is what browsers call us.
pub(super) fn check(
    request: &Request,
    here: SocketAddr,
    origins: &[Origin],
) -> Result<(), Refusal> {
    let mut hosts = request.headers("Host");
    let host = hosts.next().ok_or(Refusal::NO_HOST)?;
    if hosts.next().is_some() {
        return Err(Refusal::TWO_HOSTS);
    }
    let is_ours =
        |host: &str| is_here(host, here) || origins.iter().any(|ours| ours.has_host(host));
    if ![Some(host), request.address()].into_iter().flatten().all(is_ours) {
        return Err(Refusal::FOREIGN_HOST);
    }
    // For a name that only a proxy knows, the scheme counts, too: a page that came without TLS may
    // be anybody's.
    let is_our_page = |origin: &str| {
        let from = origin.strip_prefix("http://").filter(|_| is_here(host, here));
        from.is_some_and(|from| from.eq_ignore_ascii_case(host))
            || origins.iter().any(|ours| ours.is(origin))
    };
    // "same-site" can be another port of this machine, and "none" is a person who typed it.
    let is_no_page = |site: &str| ["same-origin", "none"].contains(&site);
    if request.headers("Origin").all(is_our_page)
        && (request.headers("Sec-Fetch-Site").all(is_no_page) || is_link(request))
    {
        Ok(())
    } else {
        Err(Refusal::FOREIGN_PAGE)
    }
}

/// Whether a `Host` means this machine, or the address that was dialed. An address is no name, so
/// nobody can let it point elsewhere.
///
/// This machine may have any port: a tunnel (`ssh -L`) or a container may lead from there to us.
pub(super) fn is_here(host: &str, here: SocketAddr) -> bool {
    let (name, given) = split_port(host);
    let v4 = || name.parse::<Ipv4Addr>().ok().map(IpAddr::V4);
    let address = read_v6(name).map(IpAddr::V6).or_else(v4);
    let is_this_machine = match address {
        None => name.eq_ignore_ascii_case("localhost"),
        Some(address) => address.is_loopback(),
    };
    // A socket for both kinds of addresses has its own way to write one of IPv4.
    let dialed = [here.ip(), here.ip().to_canonical()];
    let is_dialed = address.is_some_and(|address| dialed.contains(&address));
    let may_be_given =
        |given: &str| is_port(given) && (is_this_machine || given == here.port().to_string());
    (is_this_machine || is_dialed) && given.is_none_or(may_be_given)
}

/// Whether a page elsewhere has sent the whole tab to our page.
fn is_link(request: &Request) -> bool {
    ["GET", "HEAD"].contains(&request.method())
        && request.path() == "/"
        && request.headers("Sec-Fetch-Mode").eq(["navigate"])
        && request.headers("Sec-Fetch-Dest").eq(["document"])
}
