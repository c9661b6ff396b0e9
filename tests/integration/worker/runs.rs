//! Each run has one outcome and is charged once.

use std::thread;
use std::time::{Duration, Instant};

use async_nats::jetstream::stream::{Config, RetentionPolicy};
use openai_sandbox::Fault;
use serde_json::json;

use super::*;

#[test]
fn an_outcome_is_published_once_and_stored() {
    let fleet = fleet();
    let worker = fleet.worker(&[]);
    let caller = fleet.caller();
    let reply = caller.run("orders.1", &ask("Hello!"));
    assert_answers(&reply, "Hello!");
    assert_eq!(reply["id"], "orders.1");
    assert_eq!(reply["deliveries"], 1);
    assert_eq!(reply["repeated"], false);
    assert_eq!(reply["worker"], worker.id());
    assert_eq!(reply["outcome"]["metadata"]["attempts"], 1);
    assert_eq!(caller.kept("orders.1"), Some(reply));
    caller.wait_until_done();
    assert_eq!(caller.replies().len(), 1);
    assert_eq!(fleet.asked("Hello!"), 1);
}

#[test]
fn a_failure_is_an_outcome_too() {
    let fleet = fleet();
    let _worker = fleet.worker(&[]);
    let caller = fleet.caller();
    let mut wrong = ask("Hello!");
    wrong["input"]["messages"][0]["role"] = json!("poet");
    let failure = caller.run("wrong", &wrong)["failure"].take();
    assert_eq!(failure["kind"], "invalid-input");
    assert_eq!(failure["property"], "messages[0].role");
    assert_eq!(failure["requestSent"], false);
    let mut unknown = ask("Hello!");
    unknown["connection"] = json!("another");
    let failure = caller.run("unknown", &unknown)["failure"].take();
    assert_eq!(failure["message"], "the workers have no connection `another` for openai/v1");
    caller.wait_until_done();
    assert!(fleet.sandbox.requests().is_empty());
}

#[test]
fn messages_with_the_same_id_are_one_run() {
    let fleet = fleet();
    let _worker = fleet.worker(&[]);
    let caller = fleet.caller();
    assert!(!caller.publish("a", &ask("Hello!")));
    assert!(caller.publish("a", &ask("Hello!")), "the queue missed the duplicate");
    caller.reply("a");
    caller.wait_until_done();
    assert_eq!((fleet.asked("Hello!"), caller.replies().len()), (1, 1));
}

#[test]
fn messages_with_the_same_id_are_one_run_even_after_the_queue_forgets_the_id() {
    let fleet = fleet();
    let caller = fleet.caller();
    let config = Config {
        name: "connector-runs".to_owned(),
        subjects: vec!["connector.runs".to_owned()],
        retention: RetentionPolicy::WorkQueue,
        duplicate_window: Duration::from_millis(100),
        ..Config::default()
    };
    caller.wait_for(caller.jetstream().create_stream(config)).unwrap();
    let _workers = [fleet.worker(&[]), fleet.worker(&[])];
    fleet.sandbox.script(Fault::Delay(Duration::from_secs(1)));
    caller.publish("a", &ask("Hello!"));
    until("the request arrived", || (fleet.asked("Hello!") == 1).then_some(()));
    // While the first run is active, and after its end.
    thread::sleep(Duration::from_millis(200));
    assert!(!caller.publish("a", &ask("Hello!")), "the queue still remembers the id");
    caller.reply("a");
    caller.wait_until_done();
    assert!(!caller.publish("a", &ask("Hello!")), "the queue still remembers the id");
    caller.wait_until_done();
    assert_eq!((fleet.asked("Hello!"), caller.replies().len()), (1, 1));
}

#[test]
fn a_run_waiting_to_retry_does_not_block_other_runs() {
    let fleet = fleet();
    let _worker = fleet.worker(&["--runs", "1"]);
    let caller = fleet.caller();
    let slow_down = Fault::error(429, "rate_limit_exceeded", "Slow down.");
    fleet.sandbox.script(slow_down.with_header("retry-after", "10"));
    let started = Instant::now();
    caller.publish("limited", &ask("First"));
    until("the request arrived", || (fleet.asked("First") == 1).then_some(()));
    // The only slot is free.
    let other = caller.run("other", &ask("Second"));
    assert_answers(&other, "Second");
    assert!(caller.kept("limited").is_none());
    let reply = caller.reply("limited");
    assert!(started.elapsed() >= Duration::from_secs(10), "{:?}", started.elapsed());
    assert_answers(&reply, "First");
    assert_eq!((&reply["deliveries"], &reply["repeated"]), (&json!(2), &json!(false)));
    caller.wait_until_done();
    // The first request was rejected and not charged.
    assert_eq!(fleet.asked("First"), 2);
}

#[test]
fn an_unreachable_provider_is_tried_up_to_the_limit() {
    let fleet = fleet();
    fleet.store("nowhere", "http://127.0.0.1:1/v1");
    let _worker = fleet.worker(&["--deliveries", "2"]);
    let caller = fleet.caller();
    let mut run = ask("Hello!");
    run["connection"] = json!("nowhere");
    let reply = caller.run("a", &run);
    assert_eq!(reply["failure"]["kind"], "network");
    assert_eq!(reply["failure"]["requestSent"], false);
    assert_eq!(reply["deliveries"], 2);
    caller.wait_until_done();
}

#[test]
fn events_of_a_run_are_published_on_request() {
    let fleet = fleet();
    let _worker = fleet.worker(&[]);
    let caller = fleet.caller();
    let mut run = ask("Hello!");
    run["events"] = json!(true);
    let reply = caller.run("loud", &run);
    let events = caller.received("connector.events.loud");
    let deltas = events.iter().filter(|event| event["event"] == "text-delta");
    let text: String = deltas.map(|delta| delta["text"].as_str().unwrap()).collect();
    assert_eq!(reply["outcome"]["output"], text);
    caller.run("quiet", &ask("Hello!"));
    assert!(caller.received("connector.events.quiet").is_empty());
}

#[test]
fn the_callers_trace_context_is_passed_to_the_provider() {
    use async_nats::jetstream::message::PublishMessage;
    let fleet = fleet();
    let _worker = fleet.worker(&[]);
    let caller = fleet.caller();
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let message = PublishMessage::build().message_id("a").payload(ask("Hi").to_string().into());
    caller.publish_raw(message.header("traceparent", trace));
    caller.reply("a");
    assert_eq!(fleet.sandbox.requests()[0].header("traceparent"), Some(trace));
}
