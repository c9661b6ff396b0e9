//! Messages that no worker can process.

use async_nats::jetstream::message::PublishMessage;
use openai_sandbox::Fault;
use serde_json::{Value, json};

use super::*;

#[test]
fn an_invalid_run_becomes_a_dead_letter_with_its_failure() {
    let fleet = fleet();
    let _worker = fleet.worker(&[]);
    let caller = fleet.caller();
    let unknown = |action: &str| json!({ "action": action, "input": {} }).to_string();
    for (id, message, expected) in [
        ("none", "not JSON".to_owned(), "the message is not JSON: expected ident"),
        ("list", "[]".to_owned(), "the message must be a JSON object"),
        ("connector", unknown("acme/v1/ask"), "unknown connector `acme/v1`; available: openai"),
        ("action", unknown("openai/v1/dance"), "unknown action `dance`; available: ask"),
        ("version", unknown("openai/v9/ask"), "unknown connector `openai/v9`"),
        (
            "extra",
            r#"{"action":"openai/v1/ask","tries":3}"#.to_owned(),
            "unknown member `tries`; expected one of: `action`",
        ),
    ] {
        let message = PublishMessage::build().message_id(id).payload(message.into());
        caller.publish_raw(message);
        let dead = caller.dead(id);
        let message = dead["failure"]["message"].as_str().unwrap();
        assert!(message.contains(expected), "{dead}");
        assert_eq!(caller.reply(id)["failure"], dead["failure"]);
    }
    caller.wait_until_done();
    // A valid run can be repeated once there is a connector for it.
    let message = caller.dead("connector")["message"].as_str().unwrap().to_owned();
    assert_eq!(serde_json::from_str::<Value>(&message).unwrap()["action"], "acme/v1/ask");
    assert!(caller.dead("none")["message"].is_null());
    assert!(fleet.sandbox.requests().is_empty());
}

/// The failure repeats the name, and must itself fit in a message.
#[test]
fn a_run_with_a_very_long_connection_name_ends() {
    let fleet = fleet();
    let _worker = fleet.worker(&[]);
    let caller = fleet.caller();
    let name = "x".repeat(900_000);
    let run = json!({ "action": "openai/v1/ask", "input": {}, "connection": name });
    caller.publish_raw(PublishMessage::build().message_id("long").payload(run.to_string().into()));
    let reply = caller.reply("long");
    let message = reply["failure"]["message"].as_str().unwrap();
    assert!(message.starts_with("the workers have no connection `xxx"), "{message}");
}

#[test]
fn a_message_without_an_id_becomes_a_dead_letter() {
    let fleet = fleet();
    let _worker = fleet.worker(&[]);
    let caller = fleet.caller();
    for (sequence, id) in [(1, None), (2, Some("a b")), (3, Some("*"))] {
        let message = PublishMessage::build().payload(ask("Hello!").to_string().into());
        caller.publish_raw(match id {
            Some(id) => message.message_id(id),
            None => message,
        });
        let dead = caller.dead(&format!("message-{sequence}"));
        assert!(dead["failure"]["message"].as_str().unwrap().contains("`Nats-Msg-Id`"), "{dead}");
    }
    caller.wait_until_done();
    assert!(fleet.sandbox.requests().is_empty() && caller.replies().is_empty());
}

#[test]
fn a_token_in_a_message_is_rejected_and_not_repeated() {
    let fleet = fleet();
    let worker = fleet.worker(&[]);
    let caller = fleet.caller();
    let values = json!({ "token": CANARY, "baseUrl": fleet.sandbox.base_url() });
    let mut inline = ask("Hello!");
    inline["connection"] = values;
    let mut beside = ask("Hello!");
    beside["token"] = json!(CANARY);
    let mut listed = ask("Hello!");
    listed["connection"] = json!([CANARY]);
    for (id, run) in [("inline", &inline), ("beside", &beside), ("listed", &listed)] {
        let reply = caller.run(id, run);
        assert_eq!(reply["failure"]["kind"], "invalid-input");
        let (reply, dead) = (reply.to_string(), caller.dead(id).to_string());
        for text in [&reply, &dead, &worker.log()] {
            assert!(!text.contains(CANARY), "{text}");
        }
    }
    let message = caller.reply("inline")["failure"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("must name a connection that the workers have stored"), "{message}");
    caller.wait_until_done();
    assert!(fleet.sandbox.requests().is_empty());
}

#[test]
fn a_run_leaves_no_token_in_nats() {
    let fleet = fleet();
    let worker = fleet.worker(&[]);
    let caller = fleet.caller();
    fleet.sandbox.script(Fault::EchoAuthorization { status: 401 });
    caller.run("refused", &ask("Hello!"));
    caller.run("answered", &ask("Hello!"));
    caller.wait_until_done();
    let mut folders = vec![fleet.nats.folder().to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let content = std::fs::read(&path).unwrap();
            let found = content.windows(CANARY.len()).any(|part| part == CANARY.as_bytes());
            assert!(!found, "{}", path.display());
            files += 1;
        }
    }
    assert!(files > 5 && !worker.log().contains(CANARY));
}

#[test]
fn a_run_that_kills_its_workers_becomes_a_dead_letter() {
    let fleet = fleet();
    let caller = fleet.caller();
    for delivery in 1..=2 {
        let worker = fleet.worker(&["--deliveries", "2"]);
        fleet.sandbox.script(Fault::Delay(FOREVER));
        if delivery == 1 {
            caller.publish("poison", &ask("Poison"));
        }
        until("the request arrived", || (fleet.asked("Poison") == delivery).then_some(()));
        worker.kill();
    }
    let _worker = fleet.worker(&["--deliveries", "2"]);
    let dead = caller.dead("poison");
    assert_eq!(dead["deliveries"], 3);
    let message = dead["failure"]["message"].as_str().unwrap();
    assert!(message.contains("delivered 2 times and never finished"), "{dead}");
    assert_eq!(caller.reply("poison")["failure"], dead["failure"]);
    caller.wait_until_done();
    assert_eq!((fleet.asked("Poison"), caller.replies().len()), (2, 1));
}
