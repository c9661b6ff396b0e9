//! Limits on messages and concurrent runs.

use super::*;

#[test]
fn an_outcome_larger_than_a_message_becomes_a_file() {
    let fleet = Fleet::new(Nats::with("max_payload: 64KB"), sandbox());
    let _worker = fleet.worker(&[]);
    let caller = fleet.caller();
    let text = "word ".repeat(10_000);
    let mut run = ask(&text);
    run["input"]["n"] = 2.into();
    let reply = caller.run("large", &run);
    assert!(reply["outcome"].is_null() && reply["failure"].is_null(), "{reply}");
    let outcome: serde_json::Value =
        serde_json::from_slice(&caller.get(&reply["outcomeUrl"])).unwrap();
    assert!(outcome["output"].to_string().contains(text.trim_end()));
    assert!(outcome["metadata"]["usage"]["totalTokens"].is_u64());
    caller.wait_until_done();
    assert_eq!(fleet.asked(&text), 1);
}

#[test]
fn a_worker_takes_only_as_many_runs_as_it_has_slots() {
    let fleet = fleet();
    let _worker = fleet.worker(&["--runs", "3"]);
    let caller = fleet.caller();
    (0..3).for_each(|_| fleet.sandbox.script(openai_sandbox::Fault::Delay(FOREVER)));
    for run in 0..5 {
        caller.publish(&format!("run-{run}"), &ask("Hello!"));
    }
    until("three requests arrived", || (fleet.asked("Hello!") == 3).then_some(()));
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(fleet.asked("Hello!"), 3);
    // Waiting runs belong to no worker yet, so another worker gets them at
    // once.
    let other = fleet.worker(&[]);
    for run in 3..5 {
        assert_eq!(caller.reply(&format!("run-{run}"))["worker"], other.id());
    }
}
