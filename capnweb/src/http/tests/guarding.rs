//! Which names and which pages are answered.

use super::*;

#[test]
fn only_names_of_this_machine_are_answered() {
    for host in [
        "localhost",
        "LocalHost:8080",
        "127.0.0.1",
        "127.9.9.9:8080",
        "[::1]:8080",
        // A tunnel or a container may have another port.
        "localhost:80",
        "127.0.0.1:9000",
        "[::1]:80",
    ] {
        assert!(guard::is_here(host, HERE), "{host}");
    }
    for host in [
        "",
        ":8080",
        "localhost:",
        "localhost:08080",
        "localhost:65536",
        "localhost:-1",
        "localhost:http",
        "localhost:+8080",
        "localhost:8080:8080",
        "localhost.evil.example",
        "evil.example",
        "evil.example:8080",
        "localhost.",
        "user@localhost",
        "localhost@evil.example",
        "localhost/evil",
        "127.1",
        "0.0.0.0",
        "128.0.0.1",
        "192.168.0.1",
        "127.0.0.1.evil.example",
        "0x7f.0.0.1",
        "::1",
        "[::1",
        "::1]",
        "[::]",
        "[::1]x",
        "[::1]:",
        "[::ffff:127.0.0.1]",
        "sub.localhost",
        "localhost.localdomain",
        "ip6-localhost",
        "127.0.0.1.nip.io",
        "[127.0.0.1]",
        "2130706433",
    ] {
        assert!(!guard::is_here(host, HERE), "{host}");
    }
    for (head, refusal) in [
        ("X: y", Some(Refusal::NO_HOST)),
        ("Host: localhost\r\nHost: localhost", Some(Refusal::TWO_HOSTS)),
        ("Host: localhost\r\nHost: evil.example", Some(Refusal::TWO_HOSTS)),
        ("Host: localhost, localhost", Some(Refusal::FOREIGN_HOST)),
        ("Host:", Some(Refusal::FOREIGN_HOST)),
        ("Host: evil.example:8080", Some(Refusal::FOREIGN_HOST)),
        ("Host: localhost:8080", None),
    ] {
        for version in ["1.0", "1.1"] {
            let bytes = format!("GET / HTTP/{version}\r\n{head}\r\n\r\n");
            assert_eq!(in_any_pieces(bytes.as_bytes()).refusal, refusal, "{bytes:?}");
        }
    }
    let other = "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(refusal_of(other), Some(Refusal::FOREIGN_HOST));
    let hidden = "GET http://localhost@evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(refusal_of(hidden), Some(Refusal::FOREIGN_HOST));
}

/// A caller that dials another address of ours may call us by it, and by no other.
#[test]
fn the_address_that_was_dialed_is_answered() {
    let dialed = |address: &str| SocketAddr::new(address.parse().unwrap(), 8080);
    let there = dialed("192.168.0.1");
    for (host, is_ours) in [
        ("192.168.0.1:8080", true),
        ("192.168.0.1", true),
        ("localhost", true),
        ("192.168.0.2", false),
        ("192.168.0.1:80", false),
        ("[::ffff:192.168.0.1]", false),
    ] {
        assert_eq!(guard::is_here(host, there), is_ours, "{host}");
    }
    // A socket for all addresses of IPv6 is dialed by neighbours that have IPv4, too.
    let there = dialed("::ffff:192.168.0.1");
    for (host, is_ours) in [
        ("192.168.0.1:8080", true),
        ("[::ffff:192.168.0.1]:8080", true),
        ("[::ffff:c0a8:1]", true),
        ("127.0.0.1:8080", true),
        ("192.168.0.2:8080", false),
        ("192.168.0.1:80", false),
        ("evil.example:8080", false),
    ] {
        assert_eq!(guard::is_here(host, there), is_ours, "{host}");
    }
    assert!(guard::is_here("[2001:db8:0::1]:8080", dialed("2001:db8::1")));
}

/// What a guard says to a request with this head, behind a proxy.
fn behind_a_proxy(line: &str, head: &str) -> Option<Refusal> {
    let origins = ["https://chat.example", "http://chat.local:8000", "https://[2001:db8::1]"];
    let origins = origins.map(|origin| Origin::read(origin).unwrap());
    let bytes = format!("{line} HTTP/1.1\r\n{head}\r\n\r\n");
    verdict_of(Reader::new(Pieces::of([bytes.as_bytes()]), HERE, origins.into())).refusal
}

#[test]
fn behind_a_proxy_its_origin_is_ours() {
    let page = Some(Refusal::FOREIGN_PAGE);
    let host = Some(Refusal::FOREIGN_HOST);
    for (head, refusal) in [
        ("Host: chat.example", None),
        ("Host: Chat.Example\r\nOrigin: https://chat.example", None),
        ("Host: chat.example\r\nOrigin: https://CHAT.example", None),
        ("Host: chat.local:8000\r\nOrigin: http://chat.local:8000", None),
        ("Host: [2001:db8::1]\r\nOrigin: https://[2001:db8::1]", None),
        // The proxy may write where it dials.
        ("Host: 127.0.0.1:8080\r\nOrigin: https://chat.example", None),
        ("Host: localhost:8080\r\nOrigin: http://localhost:8080", None),
        // The same name without TLS can be anybody.
        ("Host: chat.example\r\nOrigin: http://chat.example", page),
        ("Host: chat.local:8000\r\nOrigin: https://chat.local:8000", page),
        ("Host: chat.example\r\nOrigin: https://evil.example", page),
        ("Host: chat.example\r\nOrigin: null", page),
        ("Host: chat.example\r\nOrigin: https://chat.example.evil.example", page),
        ("Host: chat.example\r\nOrigin: https://chat.example:8443", page),
        ("Host: chat.example\r\nSec-Fetch-Site: cross-site", page),
        ("Host: chat.example\r\nSec-Fetch-Site: same-site", page),
        ("Host: chat.example:8080", host),
        ("Host: chat.example.", host),
        ("Host: sub.chat.example", host),
        ("Host: chat.local", host),
        ("Host: evil.example", host),
    ] {
        assert_eq!(behind_a_proxy("GET /rpc/ws", head), refusal, "{head}");
    }
}

/// A person has followed a link on a page elsewhere.
#[test]
fn a_link_to_the_page_is_followed_and_nothing_else_comes_from_elsewhere() {
    const LINK: &str = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n\
                        Sec-Fetch-Dest: document\r\nSec-Fetch-User: ?1";
    let refusal = |line: &str, head: &str| {
        behind_a_proxy(line, &format!("Host: localhost:8080\r\nContent-Length: 0\r\n{head}"))
    };
    for line in ["GET /", "HEAD /", "GET /?token=secret", "GET http://localhost:8080/"] {
        assert_eq!(refusal(line, LINK), None, "{line}");
        assert_eq!(refusal(line, &LINK.replace("cross-site", "same-site")), None, "{line}");
    }
    for line in
        ["POST /", "PUT /", "OPTIONS /", "GET /rpc/ws", "GET /rpc/batch", "POST /rpc/batch"]
    {
        assert_eq!(refusal(line, LINK), Some(Refusal::FOREIGN_PAGE), "{line}");
    }
    for (old, new) in [
        ("navigate", "cors"),
        ("navigate", "no-cors"),
        ("navigate", "websocket"),
        ("navigate", "Navigate"),
        ("Sec-Fetch-Mode: navigate\r\n", ""),
        ("document", "iframe"),
        ("document", "empty"),
        ("document", "embed"),
        ("\r\nSec-Fetch-Dest: document", ""),
        ("document", "document\r\nSec-Fetch-Dest: iframe"),
        ("document", "document\r\nOrigin: http://evil.example"),
        ("document", "document\r\nOrigin: null"),
    ] {
        let head = LINK.replace(old, new);
        assert_eq!(refusal("GET /", &head), Some(Refusal::FOREIGN_PAGE), "{head}");
    }
    let elsewhere = format!("Host: evil.example\r\n{LINK}");
    assert_eq!(behind_a_proxy("GET /", &elsewhere), Some(Refusal::FOREIGN_HOST));
}

#[test]
fn web_pages_of_others_are_not_answered() {
    for (head, is_taken) in [
        ("X: y", true),
        ("Origin: http://localhost:8080", true),
        ("Origin: http://LOCALHOST:8080", true),
        ("Sec-Fetch-Site: same-origin\r\nOrigin: http://localhost:8080", true),
        ("Sec-Fetch-Site: none", true),
        ("Origin: null", false),
        ("Origin:", false),
        ("Origin: localhost:8080", false),
        ("Origin: https://localhost:8080", false),
        ("Origin: http://localhost", false),
        ("Origin: http://localhost:8081", false),
        ("Origin: http://127.0.0.1:8080", false), // Another page, for a browser.
        ("Origin: http://localhost:8080/", false),
        ("Origin: http://localhost:8080 http://evil.example", false),
        ("Origin: http://localhost:8080\r\nOrigin: http://evil.example", false),
        ("Origin: http://evil.example\r\nOrigin: http://localhost:8080", false),
        ("Origin: http://evil.example", false),
        ("Origin: file://", false),
        ("Origin: http://localhost:8080.evil.example", false),
        ("Sec-Fetch-Site: cross-site", false),
        ("Sec-Fetch-Site: Cross-Site", false),
        ("Sec-Fetch-Site: same-site", false),
        ("Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site", false),
        ("Origin: http://localhost:8080\r\nSec-Fetch-Site: cross-site", false),
    ] {
        let bytes = format!("GET / HTTP/1.1\r\nHost: localhost:8080\r\n{head}\r\n\r\n");
        let refusal = (!is_taken).then_some(Refusal::FOREIGN_PAGE);
        assert_eq!(in_any_pieces(bytes.as_bytes()).refusal, refusal, "{head}");
    }
    // Before a byte of the body has come.
    assert_eq!(
        refusal_of(&post("Origin: http://evil.example\r\nContent-Length: 5", "")),
        Some(Refusal::FOREIGN_PAGE)
    );
}
