//! How much a batch may have, hold and take.

use super::*;

#[test]
fn a_batch_has_limits() {
    let push = "[\"push\",[\"pipeline\",0,[\"name\"]]]\n";
    let full = push.repeat(MAX_MESSAGES);
    assert!(serve(full.trim_end().as_bytes(), &Alice::shared()).is_ok());
    assert_eq!(
        refusal(format!("{full}[\"pull\",1]").as_bytes()),
        "more than 2000 messages in a batch"
    );
    // One long result, asked for again and again.
    let long = format!(r#"["push",["pipeline",0,["echo"],["{}"]]]"#, "x".repeat(1 << 20));
    let ask = |count: usize| {
        let asks =
            (2..count + 2).map(|id| format!("[\"push\",[\"pipeline\",1]]\n[\"pull\",{id}]"));
        let lines: Vec<_> = std::iter::once(long.clone()).chain(asks).collect();
        serve(lines.join("\n").as_bytes(), &Alice::shared())
    };
    assert_eq!(ask(2).unwrap().len(), 2 * ((1 << 20) + 16) + 1);
    let reply = ask(10).unwrap();
    assert!(reply.contains("bytes of results and arguments are kept"));
    assert!(reply.len() < MAX_REPLY);
    // The same, without keeping it.
    let asks = (1..6).map(|id| {
        format!("[\"push\",[\"pipeline\",0,[\"echo\"],[\"{}\"]]]\n[\"pull\",{id}]\n[\"release\",{id},1]", "x".repeat(1 << 20))
    });
    let why = refusal(asks.collect::<Vec<_>>().join("\n").as_bytes());
    assert_eq!(why, format!("more than {MAX_REPLY} bytes in a batch"));
}

#[test]
fn a_short_request_fills_no_memory_and_no_stack() {
    // Each result holds the one before it, twice: 2^500 in the end.
    let doubled = |method: &str| {
        let mut lines = vec![r#"["push",["pipeline",0,["echo"],["x"]]]"#.to_owned()];
        for id in 1..500 {
            lines.push(format!(r#"["push",["pipeline",0,["{method}"],[["pipeline",{id}]]]]"#));
        }
        lines.push("[\"pull\",500]".into());
        serve(lines.join("\n").as_bytes(), &Alice::shared()).unwrap()
    };
    let reply = doubled("twice");
    assert!(reply.contains("bytes of results") || reply.contains("brackets"), "{reply}");
    assert!(doubled("echo").contains("\"x\""));
    // Each result holds the one before it, once: deeper and deeper.
    let mut lines = vec![r#"["push",["pipeline",0,["name"]]]"#.to_owned()];
    for id in 1..500 {
        lines.push(format!(r#"["push",["pipeline",0,["echo"],[{{"a":["pipeline",{id}]}}]]]"#));
    }
    lines.push("[\"pull\",500]".into());
    let reply = serve(lines.join("\n").as_bytes(), &Alice::shared()).unwrap();
    assert!(reply.contains("more than 64 brackets would be open at once"), "{reply}");
    // A long chain that waits for its first link.
    let mut lines = vec![r#"["push",["pipeline",0,["echo"],[["promise",-1]]]]"#.to_owned()];
    for id in 1..900 {
        lines.push(format!("[\"push\",[\"pipeline\",{id}]]"));
    }
    lines.extend(["[\"pull\",900]".into(), "[\"resolve\",-1,\"x\"]".into()]);
    let reply = serve(lines.join("\n").as_bytes(), &Alice::shared()).unwrap();
    assert!(reply.ends_with("[\"resolve\",900,\"x\"]"), "{reply}");
}

#[test]
fn calls_for_which_there_is_no_time_are_rejected_and_not_run() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Counts(AtomicUsize);
    impl Target for Counts {
        fn call(&self, _: &str, _: Vec<Value>) -> Result<Value, RpcError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(Value::Null)
        }
    }
    let counts = Arc::new(Counts(AtomicUsize::new(0)));
    let main: Arc<dyn Target> = Arc::clone(&counts) as _;
    let calls =
        (1..=3).map(|n| format!("[\"push\",[\"pipeline\",0,[\"c\"],[]]]\n[\"pull\",{n}]"));
    let body = calls.collect::<Vec<_>>().join("\n");
    let mut left = 2;
    let has_time = || {
        left -= 1;
        left >= 0
    };
    let reply = serve_while(body.as_bytes(), &main, has_time).unwrap();
    let lines: Vec<_> = reply.lines().collect();
    assert_eq!(lines[..2], ["[\"resolve\",1,null]", "[\"resolve\",2,null]"]);
    assert!(lines[2].starts_with("[\"reject\",3,") && lines[2].contains("too_many"), "{reply}");
    assert_eq!(counts.0.load(Ordering::SeqCst), 2);
}

#[test]
fn one_long_error_is_not_kept_a_thousand_times() {
    struct Complains;
    impl Target for Complains {
        fn call(&self, _: &str, _: Vec<Value>) -> Result<Value, RpcError> {
            Err(RpcError::plain("x".repeat(500_000)))
        }
    }
    let main: Arc<dyn Target> = Arc::new(Complains);
    let mut lines = vec!["[\"push\",[\"pipeline\",0,[\"c\"],[]]]".to_owned()];
    // Each of these would hold a copy of the error.
    lines.extend((0..100).map(|_| "[\"push\",[\"pipeline\",1,[\"x\"]]]".to_owned()));
    lines.push("[\"pull\",101]".into());
    let reply = serve(lines.join("\n").as_bytes(), &main).unwrap();
    assert!(reply.len() < 1000, "{} bytes", reply.len());
    assert!(reply.contains("too_many"), "{reply}");
}

#[test]
fn a_long_name_that_is_no_method_is_not_repeated() {
    let error = RpcError::not_a_function(&"ü".repeat(1000));
    assert!(error.message.len() < 120, "{error}");
}

/// A stack that overflows ends the whole process. Half of it is left to the program.
#[test]
fn the_deepest_messages_need_less_than_half_of_a_stack() {
    let nested = |open: &str, levels: usize, close: &str| {
        format!("{}1{}", open.repeat(levels), close.repeat(levels))
    };
    let echo = r#"["pipeline",0,["echo"],["#;
    let deepest = [
        nested("{\"a\":", MAX_DEPTH - 1, "}"),
        nested("[[", (MAX_DEPTH - 1) / 2, "]]"),
        nested(echo, (MAX_DEPTH - 1) / 2, "]]"),
        format!("{echo}{}]]", nested("{\"a\":", MAX_DEPTH - 5, "}")),
    ];
    let serve_all = move || {
        for expr in deepest {
            let body = format!("[\"push\",{expr}]\n[\"pull\",1]");
            assert!(serve(body.as_bytes(), &Alice::shared()).is_ok(), "{expr}");
        }
    };
    let thread = thread::Builder::new().stack_size(STACK / 2).spawn(serve_all).unwrap();
    thread.join().unwrap();
}
