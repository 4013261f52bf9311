//! Batches of our own, and the replies to them.

use super::*;

#[test]
fn a_reply_is_read_beside_other_messages() {
    let two = || {
        let mut batch = Batch::new();
        let (greet, name) = (batch.call("greet", vec![]).unwrap(), batch.get("name").unwrap());
        let (greet, name) = (batch.pull(&greet).unwrap(), batch.pull(&name).unwrap());
        (batch, greet, name)
    };
    let ended = Err(RpcError::new(Code::Canceled, "Batch RPC request ended."));
    let (batch, greet, name) = two();
    let mut reply = batch.read_reply(
        "\u{FEFF}[\"release\",-1,1]\r\n[\"push\",[\"pipeline\",-1,[],[1]]]\n[\"resolve\",2,1]",
    );
    // We have never exported -1: what came after it is not believed.
    assert!(matches!(reply.take(greet), Err(error) if error.message.contains("no such entry")));
    assert!(reply.take(name).is_err());

    let (batch, greet, name) = two();
    let mut reply = batch.read_reply("[\"resolve\",2,[[1]]]\n[\"resolve\",7,1]");
    assert_eq!(reply.take(name), Ok(vec![1.into()].into()));
    assert_eq!(reply.take(name), ended);
    assert_eq!(reply.take(greet), ended);

    let mut batch = Batch::new();
    let chat = batch.call("chat", vec![Alice::shared().into()]).unwrap();
    let chat = batch.pull(&chat).unwrap();
    let text = "[\"push\",[\"pipeline\",-1,[\"greet\"],[]]]\n[\"pull\",1]\n[\"release\",-1,1]\n[\"resolve\",1,\"ok\"]\n";
    assert_eq!(batch.read_reply(text).take(chat), Ok("ok".into()));

    let (batch, greet, name) = two();
    let mut reply = batch.read_reply("[\"resolve\",1,\"hi\"]\n\n[\"resolve\",2,1]");
    assert_eq!(reply.take(greet), Ok("hi".into()));
    assert!(matches!(reply.take(name), Err(error) if error.message.starts_with("bad JSON")));

    let (batch, greet, _) = two();
    assert_eq!(batch.read_reply("").take(greet), ended);
    let (batch, greet, name) = two();
    let mut reply = batch.fail(RpcError::plain("RPC request failed: 500"));
    assert_eq!(reply.take(greet), Err(RpcError::plain("RPC request failed: 500")));
    assert!(reply.take(name).is_err());
    let (batch, greet, _) = two();
    let mut reply = batch.read_reply("[\"abort\",\"over\"]");
    assert_eq!(reply.take(greet), Err(RpcError::plain("over")));
    // A call that was not pulled has no answer, and says so.
    let mut batch = Batch::new();
    let chat = batch.call("chat", vec!["x".into()]).unwrap().call;
    assert_eq!(batch.read_reply("").take(chat), ended);
}

#[test]
fn our_batches_are_served_by_us() {
    let mut batch = Batch::new();
    let friend = batch.call("friend", vec![]).unwrap();
    let greet = batch.call_on(friend.clone().get("bob"), "greet", vec![]).unwrap();
    let chat = batch.call("chat", vec![greet.into()]).unwrap();
    let (chat, friend) = (batch.pull(&chat).unwrap(), batch.pull(&friend).unwrap());
    let body = serve(batch.body().as_bytes(), &Alice::shared()).unwrap();
    let mut reply = batch.read_reply(&body);
    assert_eq!(reply.take(chat), Ok("Alice says: Thanks for the message #1!".into()));
    let friend = reply.take(friend).unwrap();
    assert!(matches!(friend.get("bob"), Some(Value::Cap(crate::Cap::Stub(_)))));
    let mut batch = Batch::new();
    for _ in 0..1000 {
        let name = batch.get("name").unwrap();
        batch.pull(&name).unwrap();
    }
    assert!(batch.get("name").unwrap_err().message.contains("2000 messages"));
}

#[test]
fn a_client_writes_no_more_than_a_server_takes_and_goes_on_with_no_wrong_number() {
    let call = |batch: &mut Batch, length: usize| {
        let promise = batch.call("echo", vec!["x".repeat(length).into()])?;
        batch.pull(&promise)
    };
    let mut batch = Batch::new();
    call(&mut batch, 1).unwrap();
    call(&mut batch, 0).unwrap();
    let left = MAX_BODY - batch.body().len();
    let mut full = Batch::new();
    let first = call(&mut full, 1).unwrap();
    call(&mut full, left).unwrap();
    assert_eq!(full.body().len(), MAX_BODY);
    let reply = serve(full.body().as_bytes(), &Alice::shared()).unwrap();
    assert_eq!(full.read_reply(&reply).take(first), Ok("x".into()));

    let mut batch = Batch::new();
    let first = call(&mut batch, 1).unwrap();
    let refused = call(&mut batch, MAX_BODY).unwrap_err();
    assert_eq!(refused.message, format!("more than {MAX_BODY} bytes in a batch"));
    // The server would count one call less than we have.
    assert_eq!(call(&mut batch, 1).unwrap_err().code, refused.code);
    let reply = serve(batch.body().as_bytes(), &Alice::shared()).unwrap();
    assert_eq!(batch.read_reply(&reply).take(first), Ok("x".into()));
}
