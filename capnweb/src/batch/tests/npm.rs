//! What npm's package asked and was answered.

use super::*;

#[test]
fn we_answer_as_npm_was_answered() {
    let alice = Alice::shared();
    let mut batches = 0;
    for line in include_str!("../../traces/js-js-batch.jsonl").lines() {
        let recorded: Json = serde_json::from_str(line).unwrap();
        let lines = |side: &str| {
            let lines = recorded[side].as_array().unwrap().iter();
            lines.map(|line| line.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let parsed = |line: &str| serde_json::from_str::<Json>(line).unwrap();
        let reply = serve(lines("request").join("\n").as_bytes(), &alice).unwrap();
        let reply: Vec<_> = reply.split('\n').map(parsed).collect();
        let theirs: Vec<_> = lines("reply").iter().map(|line| parsed(line)).collect();
        assert_eq!(reply, theirs, "{line}");
        batches += 1;
    }
    assert_eq!(batches, 13);
}

#[test]
fn we_ask_as_npm_has_asked() {
    let recorded = include_str!("../../traces/js-js-batch.jsonl").lines();
    let recorded = recorded.map(|line| serde_json::from_str::<Json>(line).unwrap());
    let requests: Vec<_> = recorded
        .map(|batch| {
            let lines = batch["request"].as_array().unwrap().iter();
            lines.map(|line| line.as_str().unwrap().to_owned()).collect::<Vec<_>>().join("\n")
        })
        .collect();
    let ask = |build: &dyn Fn(&mut Batch) -> Result<Vec<Promise>, RpcError>| {
        let mut batch = Batch::new();
        for promise in build(&mut batch).unwrap() {
            batch.pull(&promise).unwrap();
        }
        batch.body().to_owned()
    };
    let greet = ask(&|batch| Ok(vec![batch.call("greet", vec![])?]));
    assert_eq!(greet, requests[0]);
    let three = ask(&|batch| {
        let (greet, chat) =
            (batch.call("greet", vec![])?, batch.call("chat", vec!["one".into()])?);
        Ok(vec![greet, chat, batch.call("get_stats", vec![])?])
    });
    assert_eq!(three, requests[3]);
    let argument = ask(&|batch| {
        let greet = batch.call("greet", vec![])?;
        Ok(vec![batch.call("chat", vec![greet.into()])?])
    });
    assert_eq!(argument, requests[4]);
    let property = ask(&|batch| Ok(vec![batch.call("get_stats", vec![])?.get("name")]));
    assert_eq!(property, requests[5]);
    let both = ask(&|batch| {
        let name = batch.call("get_stats", vec![])?.get("name");
        Ok(vec![batch.call("chat", vec![name.into()])?])
    });
    assert_eq!(both, requests[6]);
    assert_eq!(ask(&|batch| Ok(vec![batch.get("name")?])), requests[7]);
    let lists = ask(&|batch| {
        let (two, four) = (vec![2.into(), 3.into()].into(), vec![4.into()].into());
        let args = vec![1.into(), two, Value::object([("a", four)])];
        Ok(vec![batch.call("no_such_method", args)?])
    });
    assert_eq!(lists, requests[8]);
    let callback = ask(&|batch| Ok(vec![batch.call("chat", vec![Alice::shared().into()])?]));
    assert_eq!(callback, requests[11]);
    let unpulled = ask(&|batch| {
        batch.call("chat", vec!["unpulled".into()])?;
        Ok(vec![batch.call("get_stats", vec![])?])
    });
    assert_eq!(unpulled, requests[12]);
}
