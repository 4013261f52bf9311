//! What is said in HTTP, and who is let in: who keeps to the rules, comes from no other page, and
//! knows the token. A refused client is told why.

mod fixture;

use std::io::{self, BufRead};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use fixture::{
    Fixture, PING, PONG, RawClient, Reply, Stranger, frame, head, others_are_not_delayed,
    upgrade,
};
use serde_json::{Value, json};

#[test]
fn what_is_no_http_is_refused_here_as_in_the_last_lab() {
    others_are_not_delayed(&[], |server| {
        let host = format!("Host: 127.0.0.1:{}\r\n", server.port);
        let post = format!("POST /rpc/batch HTTP/1.1\r\n{host}");
        for (request, status) in [
            ("hello\r\n\r\n".to_owned(), 400),
            (format!("GET / HTTP/1.1\n{host}\r\n"), 400),
            (format!("GET / HTTP/1.1\r\n{host} folded\r\n\r\n"), 400),
            (format!("{post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), 400),
            (format!("{post}Content-Length: 5, 5\r\n\r\n"), 400),
            (format!("{post}\r\n"), 411),
            (format!("{post}Content-Length: 1048577\r\n\r\n"), 413),
            (format!("{post}Content-Length: 5\r\nExpect: miracles\r\n\r\n"), 417),
            (format!("{post}X: {}\r\n\r\n", "x".repeat(16 << 10)), 431),
            (format!("{post}{}\r\n", "X: x\r\n".repeat(65)), 431),
            (format!("{post}Transfer-Encoding: gzip, chunked\r\n\r\n"), 501),
            (format!("POST / HTTP/1.1\r\n{host}Content-Length: 0\r\n\r\n"), 405),
            (format!("GET /etc/passwd HTTP/1.1\r\n{host}\r\n"), 404),
            (format!("GET /../page.html HTTP/1.1\r\n{host}\r\n"), 404),
            (format!("SHOUT / HTTP/1.1\r\n{host}\r\n"), 501),
            (format!("OPTIONS / HTTP/1.1\r\n{host}\r\n"), 204),
            (format!("OPTIONS * HTTP/1.1\r\n{host}\r\n"), 204),
        ] {
            let mut line = server.is_dialed();
            line.sends(&request);
            let reply = line.hears_reply();
            assert_eq!(reply.status, status, "{request}: {}", reply.text());
        }
        // Half a request, and then nothing: others do not wait for the rest.
        let mut half = server.is_dialed();
        half.sends("POST /rpc/batch HT");
        server.still_serves();
        drop(half);
    });
}

#[test]
fn what_is_no_handshake_is_refused() {
    others_are_not_delayed(&[], |server| {
        let good = upgrade(server.port, "/rpc/ws", "");
        let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        for (request, status) in [
            (good.replace("Upgrade: websocket\r\n", ""), 426),
            (good.replace("Upgrade: websocket\r\n", "Upgrade: h2c\r\n"), 426),
            (good.replace("Connection: Upgrade\r\n", ""), 426),
            (good.replace("Version: 13", "Version: 8"), 426),
            (good.replace("Sec-WebSocket-Version: 13\r\n", ""), 426),
            (good.replace("HTTP/1.1", "HTTP/1.0"), 426),
            (good.replace(key, ""), 400),
            (good.replace(key, &key.repeat(2)), 400),
            (good.replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), 400),
            (good.replace("dGhlIHNhbXBsZSBub25jZQ==", "!"), 400),
            (good.replace("GET", "DELETE"), 405),
            (good.replace("GET", "SHOUT"), 501),
            (good.replace("/rpc/ws", "/rpc"), 404),
            (good.replace("HTTP/1.1", "HTTP/2.0"), 505),
        ] {
            let mut line = server.is_dialed();
            line.sends(&request);
            let reply = line.hears_reply();
            assert_eq!(reply.status, status, "{request}{}", reply.text());
            match status {
                426 => assert_eq!(reply.field("upgrade"), Some("websocket"), "{request}"),
                405 => assert_eq!(reply.field("allow"), Some("GET, OPTIONS"), "{request}"),
                _ => {}
            }
        }
        // In one piece with the first frames.
        let mut line = server.is_dialed();
        let ping = frame(PING, b"early");
        line.sends([good.as_bytes(), &ping].concat());
        assert_eq!(line.hears_reply().status, 101);
        assert_eq!(line.hears(), Some((PONG, b"early".to_vec())));
    });
}

#[test]
fn a_page_from_elsewhere_gets_neither_page_nor_socket_nor_batch() {
    others_are_not_delayed(&[], |server| {
        let port = server.port;
        let batch = head(port, 0);
        let page = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
        for good in [upgrade(port, "/rpc/ws", ""), batch, page] {
            let host = format!("Host: 127.0.0.1:{port}\r\n");
            for (lines, status) in [
                (format!("{host}Origin: http://evil.example\r\n"), 403),
                (format!("{host}Origin: http://127.0.0.1:1\r\n"), 403),
                (format!("{host}Origin: null\r\n"), 403),
                (format!("{host}Sec-Fetch-Site: cross-site\r\n"), 403),
                (format!("Host: evil.example:{port}\r\n"), 421),
                (String::new(), 400),
                (host.repeat(2), 400),
            ] {
                let mut line = server.is_dialed();
                line.sends(good.replace(&host, &lines));
                assert_eq!(line.hears_reply().status, status, "{lines} {good}");
            }
        }
        // A page of ours is let in, also through a tunnel, which has another port.
        let mut line = server.is_dialed();
        line.upgrades(&format!("Origin: http://127.0.0.1:{port}\r\n"));
        let mut line = server.is_dialed();
        let tunnel = "Host: localhost:9\r\nOrigin: http://localhost:9\r\n";
        let here = format!("Host: 127.0.0.1:{port}\r\n");
        line.sends(upgrade(port, "/rpc/ws", "").replace(&here, tunnel));
        assert_eq!(line.hears_reply().status, 101);
    });
}

#[test]
fn a_link_on_any_page_leads_to_ours() {
    others_are_not_delayed(&[], |server| {
        let link = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n\
                    Sec-Fetch-Dest: document\r\n\r\n";
        let port = server.port;
        let frame = link.replace("document", "iframe");
        for (method, path, more, status) in [
            ("GET", "/", link, 200),
            ("HEAD", "/", link, 200),
            ("GET", "/", &*frame, 403),
            ("POST", "/", link, 403),
            ("GET", "/rpc/ws", link, 403),
            ("GET", "/rpc/batch", link, 403),
        ] {
            let mut line = server.is_dialed();
            line.sends(format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}"));
            let mut first = String::new();
            line.incoming.read_line(&mut first).expect("an answer");
            assert!(first.contains(&format!(" {status} ")), "{method} {path}: {first}");
        }
        // Once it is there, it is a page like any other.
        let mut line = server.is_dialed();
        line.upgrades(&format!(
            "Origin: http://127.0.0.1:{port}\r\nSec-Fetch-Site: same-origin\r\n"
        ));
    });
}

/// A proxy, with all that it does for the server behind it: it has another address, and passes on
/// what browsers say. (That it takes off TLS makes no difference to the server.)
fn proxy(server: u16) -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = socket.local_addr().expect("it is bound").port();
    let pass = |from: &TcpStream, to: &TcpStream| {
        let [mut from, mut to] = [from, to].map(|it| it.try_clone().expect("a descriptor"));
        let body = move || {
            let _ = io::copy(&mut from, &mut to); // Until one of both hangs up.
            let _ = to.shutdown(Shutdown::Write);
        };
        thread::Builder::new().name("proxy".into()).spawn(body).expect("a thread");
    };
    let body = move || {
        for client in socket.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", server)).expect("the server accepts");
            pass(&client, &server);
            pass(&server, &client);
        }
    };
    thread::Builder::new().name("proxy".into()).spawn(body).expect("a thread");
    port
}

#[test]
fn behind_a_proxy_the_page_and_its_socket_are_served() {
    const NAMED: &str = "Host: chat.example\r\nOrigin: https://chat.example\r\n";
    let with = |request: String, lines: &str| {
        let (before, host) = request.split_once("Host: ").expect("a Host");
        let after = host.split_once("\r\n").expect("a line").1;
        format!("{before}{lines}{after}")
    };
    let fixture = Fixture::open();
    let origins = ["--origin", "https://chat.example", "--origin", "http://chat.local:8000/"];
    let server = fixture.server_with(&origins);
    let port = proxy(server.port);
    let asks = |request: String| {
        let mut line = Stranger::dials(port).expect("the proxy accepts");
        line.sends(request);
        (line.hears_reply(), line)
    };
    let page = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned();
    let (reply, _) = asks(with(page.clone(), "Host: chat.example\r\n"));
    assert_eq!(reply.status, 200);
    let policy = reply.field("content-security-policy").expect("a policy");
    let connect =
        "connect-src 'self' ws://chat.example wss://chat.example ws://chat.local:8000;";
    assert!(policy.contains(connect), "{policy}");
    // The proxy may write its own `Host`.
    let host = format!("Host: 127.0.0.1:{}\r\nOrigin: https://chat.example\r\n", server.port);
    let local = "Host: chat.local:8000\r\nOrigin: http://chat.local:8000\r\n";
    for lines in [NAMED, &host, local] {
        let (reply, line) = asks(with(upgrade(port, "/rpc/ws", ""), lines));
        assert_eq!(reply.status, 101, "{lines}: {}", reply.text());
        let mut client = RawClient::of(line);
        client.joins("Alice").expect("she may join");
        client.asks("leave", &json!(["Alice"])).expect("she may leave");
        assert_eq!(asks(with(head(port, 0), lines)).0.status, 200, "{lines}");
    }
    for (lines, status) in [
        ("Host: chat.example\r\nOrigin: https://evil.example\r\n", 403),
        ("Host: chat.example\r\nOrigin: http://chat.example\r\n", 403),
        ("Host: chat.example\r\nSec-Fetch-Site: cross-site\r\n", 403),
        ("Host: evil.example\r\n", 421),
        ("Host: chat.example:8080\r\n", 421),
    ] {
        for request in [upgrade(port, "/rpc/ws", ""), head(port, 0), page.clone()] {
            let (reply, _) = asks(with(request.clone(), lines));
            assert_eq!(reply.status, status, "{lines} {request}");
        }
    }
    drop(server);
    // Without the option, it is somebody else's name.
    let server = fixture.server();
    let port = proxy(server.port);
    let mut line = Stranger::dials(port).expect("the proxy accepts");
    line.sends(with(upgrade(port, "/rpc/ws", ""), NAMED));
    assert_eq!(line.hears_reply().status, 421);
}

/// A policy cannot name such an address, and a browser complains about one that does.
#[test]
fn the_policy_of_a_page_at_an_ipv6_address_names_none() {
    let fixture = Fixture::open();
    let server = fixture.server();
    let mut line = server.is_dialed();
    line.sends(format!("GET / HTTP/1.1\r\nHost: [::1]:{}\r\n\r\n", server.port));
    let reply = line.hears_reply();
    let policy = reply.field("content-security-policy").expect("a policy");
    assert!(policy.contains("connect-src 'self'; base-uri"), "{policy}");
}

#[test]
fn without_the_token_nobody_comes_in() {
    let fixture = Fixture::open();
    let server = fixture.server_with(&["--token", "open-sesame"]);
    let before = server.takes_stock();
    let port = server.port;
    let asks = |request: String| {
        let mut line = server.is_dialed();
        line.sends(request);
        line.hears_reply()
    };
    let batch = |path: &str, header: &str| {
        let head = head(port, 0).replace("/rpc/batch", path);
        asks(head.replace("\r\n\r\n", &format!("\r\n{header}\r\n")))
    };
    for wrong in [
        "",
        "Authorization: open-sesame\r\n",
        "Authorization: Bearer\r\n",
        "Authorization: Bearer Open-Sesame\r\n",
        "Authorization: Bearer open-sesam\r\n",
        "Authorization: Bearer open-sesame2\r\n",
        "Authorization: Basic open-sesame\r\n",
    ] {
        for reply in [batch("/rpc/batch", wrong), asks(upgrade(port, "/rpc/ws", wrong))] {
            assert_eq!(reply.status, 401, "{wrong}");
            assert_eq!(reply.field("www-authenticate"), Some("Bearer"), "{wrong}");
            assert!(!reply.text().contains("sesame"), "{}", reply.text());
        }
    }
    for wrong in ["?token=", "?token=open", "?tok=open-sesame", "?token=open-sesame%20"] {
        assert_eq!(batch(&format!("/rpc/batch{wrong}"), "").status, 401, "{wrong}");
        let request = upgrade(port, &format!("/rpc/ws{wrong}"), "");
        assert_eq!(asks(request).status, 401, "{wrong}");
    }
    let right = "Authorization: Bearer open-sesame\r\n";
    assert_eq!(batch("/rpc/batch", right).status, 200);
    assert_eq!(batch("/rpc/batch?a=b&token=open-sesame", "").status, 200);
    assert_eq!(asks(upgrade(port, "/rpc/ws", right)).status, 101);
    assert_eq!(asks(upgrade(port, "/rpc/ws?token=open-sesame", "")).status, 101);
    // The page has no secrets, and must be there to be given one.
    assert_eq!(asks(format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n")).status, 200);
    server.runs_threads(&fixture::ALONE);
    assert_eq!(server.takes_stock(), before);
}

#[test]
fn the_page_may_run_nothing_but_its_own_script() {
    let fixture = Fixture::open();
    let server = fixture.server();
    let page = || {
        let mut line = server.is_dialed();
        line.sends(format!("GET / HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", server.port));
        line.hears_reply()
    };
    let reply = page();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.field("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(reply.field("cache-control"), Some("no-store"));
    assert_eq!(reply.field("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.field("referrer-policy"), Some("no-referrer"));
    let nonce = |reply: &Reply| {
        let policy = reply.field("content-security-policy").expect("a policy").to_owned();
        for rule in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(rule), "{policy}");
        }
        let connect = format!("connect-src 'self' ws://localhost:{};", server.port);
        assert!(policy.contains(&connect), "{policy}");
        let nonce =
            policy.split("script-src 'nonce-").nth(1).and_then(|it| it.split('\'').next());
        let nonce = nonce.expect("a nonce").to_owned();
        assert!(nonce.len() >= 22, "128 bits: {nonce}");
        assert!(reply.text().contains(&format!("nonce=\"{nonce}\"")), "{nonce}");
        assert!(!reply.text().contains("__NONCE__"));
        nonce
    };
    assert_ne!(nonce(&reply), nonce(&page()), "it is a new one each time");
}

#[test]
fn a_batch_is_answered_like_a_client_that_has_not_joined() {
    others_are_not_delayed(&[], |server| {
        let calls = [
            r#"["push",["pipeline",0,["listUsers"],[]]]"#,
            r#"["push",["pipeline",0,["userCount"]]]"#,
            r#"["push",["pipeline",0,["nothing"]]]"#,
            r#"["push",["pipeline",0,["sendMessage"],["Probe","hi"]]]"#,
            r#"["push",["pipeline",0,["join"],["Alice",["export",-1]]]]"#,
            r#"["pull",1]"#,
            r#"["pull",2]"#,
            r#"["pull",3]"#,
            r#"["pull",4]"#,
            r#"["pull",5]"#,
        ];
        let reply = server.is_asked_for(calls.join("\n"));
        assert_eq!(reply.status, 200);
        let text = reply.text();
        let answers: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let of = |id: u64| {
            let answer = answers.iter().find(|it| it[0] != "release" && it[1] == json!(id));
            answer.unwrap_or_else(|| panic!("{text}"))[2].clone()
        };
        assert_eq!(of(1), json!([["Probe"]]));
        assert_eq!(of(2), json!(1));
        assert_eq!(of(3), json!(["undefined"]));
        assert_eq!(of(4)[2], "you have not joined as Probe");
        assert_eq!(
            of(5)[2],
            "join over a WebSocket: over one request nobody can call you back"
        );
        // What is no batch.
        for (body, why) in [("{", "bad JSON"), ("[\"pull\",9]", "no such entry")] {
            let reply = server.is_asked_for(body);
            assert_eq!(reply.status, 500, "{body}");
            assert!(reply.text().contains(why), "{body}: {}", reply.text());
        }
        let call = r#"["push",["pipeline",0,["listUsers"],[]]]"#;
        assert_eq!(server.is_asked_for(vec![call; 2000].join("\n")).status, 200);
        assert_eq!(server.is_asked_for(vec![call; 2001].join("\n")).status, 500);
    });
}
