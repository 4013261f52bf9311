//! What is said in HTTP, and who is let in: who keeps to the rules, comes from no other page, knows
//! the token, and finds a slot. A refused client is told why.

mod fixture;

use fixture::{
    Fixture, PING, PONG, RawClient, Reply, comes_true, frame, head, others_are_not_delayed,
    upgrade,
};
use serde_json::{Value, json};

/// The most connections at once, as the run instructions say.
const MAX_CLIENTS: usize = 768;

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
                ("Host: 127.0.0.1:1\r\n".to_owned(), 421),
                (String::new(), 400),
                (host.repeat(2), 400),
            ] {
                let mut line = server.is_dialed();
                line.sends(good.replace(&host, &lines));
                assert_eq!(line.hears_reply().status, status, "{lines} {good}");
            }
        }
        // A page of ours is let in.
        let mut line = server.is_dialed();
        line.upgrades(&format!("Origin: http://127.0.0.1:{port}\r\n"));
    });
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

#[test]
fn of_a_thousand_connections_some_are_refused_and_later_let_in() {
    others_are_not_delayed(&[], |server| {
        let (mut clients, mut in_the_room, mut refused) = (Vec::new(), 0, 0);
        for number in 0..1000 {
            let mut line = server.is_dialed();
            // A rejected client is told so, for any request.
            line.tries_to_send(upgrade(server.port, "/rpc/ws", ""));
            match line.reads_reply() {
                Ok(Reply { status: 101, .. }) => {
                    let mut client = RawClient::of(line);
                    let name = format!("Guest {number}");
                    client.calls("join", &json!([name, ["export", -1]]));
                    clients.push(client);
                }
                Ok(reply) => {
                    assert_eq!(reply.status, 503, "{}", reply.head);
                    let words = "this peer talks to too many callers; try again soon\n";
                    assert_eq!(reply.text(), words);
                    refused += 1;
                }
                Err(error) => panic!("{number}: {error}"),
            }
            // Ten join at once: all clients are told of each join, and so they are told in one go.
            if number % 10 == 9 {
                for client in clients.iter_mut().skip(in_the_room) {
                    client.hears_answer(1).expect("it may join");
                }
                in_the_room = clients.len();
                // Those who came first must not seem dead.
                for client in &mut clients {
                    client.line.says(PONG, "");
                }
            }
        }
        // One is the probe.
        assert_eq!((clients.len(), refused), (MAX_CLIENTS - 1, 1000 - (MAX_CLIENTS - 1)));
        clients.pop();
        let is_let_in = || {
            let mut line = server.is_dialed();
            line.tries_to_send(upgrade(server.port, "/rpc/ws", ""));
            line.reads_reply().is_ok_and(|reply| reply.status == 101)
        };
        assert!(comes_true(is_let_in), "there is a place again");
    });
}
