//! Workers that stop, gracefully or not, and runs that others take over.

use std::time::Duration;

use openai_sandbox::Fault;
use serde_json::json;

use super::*;

/// Longer than a worker may go without a heartbeat.
const LONGER_THAN_A_HEARTBEAT: Duration = Duration::from_secs(6);

#[test]
fn a_run_of_a_killed_worker_is_taken_over() {
    let fleet = fleet();
    let killed = fleet.worker(&[]);
    let caller = fleet.caller();
    fleet.sandbox.script(Fault::Delay(FOREVER));
    caller.publish("a", &ask("Hello!"));
    until("the request arrived", || (fleet.asked("Hello!") == 1).then_some(()));
    let other = fleet.worker(&[]);
    killed.kill();
    let reply = caller.reply("a");
    assert_answers(&reply, "Hello!");
    // The outcome itself reports that it may have been charged twice.
    assert_eq!((&reply["deliveries"], &reply["repeated"]), (&json!(2), &json!(true)));
    assert_eq!(reply["worker"], other.id());
    caller.wait_until_done();
    assert_eq!((fleet.asked("Hello!"), caller.replies().len()), (2, 1));
}

#[test]
fn a_run_that_must_not_be_charged_twice_is_not_repeated() {
    let fleet = fleet();
    let killed = fleet.worker(&[]);
    let caller = fleet.caller();
    fleet.sandbox.script(Fault::Delay(FOREVER));
    let mut run = ask("Hello!");
    run["repeat"] = json!(false);
    caller.publish("a", &run);
    until("the request arrived", || (fleet.asked("Hello!") == 1).then_some(()));
    killed.kill();
    let _other = fleet.worker(&[]);
    let failure = caller.reply("a")["failure"].take();
    let message = failure["message"].as_str().unwrap();
    assert!(message.contains("you may have been charged"), "{failure}");
    assert_eq!(failure["requestSent"], true);
    caller.wait_until_done();
    assert_eq!((fleet.asked("Hello!"), caller.replies().len()), (1, 1));
}

#[test]
fn a_long_run_stays_with_its_worker() {
    let fleet = fleet();
    let _workers = [fleet.worker(&[]), fleet.worker(&[])];
    let caller = fleet.caller();
    fleet.sandbox.script(Fault::Delay(LONGER_THAN_A_HEARTBEAT));
    let reply = caller.run("a", &ask("Hello!"));
    assert_eq!((&reply["deliveries"], &reply["repeated"]), (&json!(1), &json!(false)));
    assert_eq!(fleet.asked("Hello!"), 1);
}

#[test]
fn a_stopping_worker_finishes_its_runs_and_takes_no_more() {
    let fleet = fleet();
    let mut worker = fleet.worker(&[]);
    let caller = fleet.caller();
    fleet.sandbox.script(Fault::Delay(Duration::from_secs(2)));
    caller.publish("first", &ask("First"));
    until("the request arrived", || (fleet.asked("First") == 1).then_some(()));
    worker.terminate();
    let is_draining = || worker.log().contains("taking no more runs");
    until("the worker stops", || is_draining().then_some(()));
    caller.publish("second", &ask("Second"));
    worker.wait();
    let reply = caller.reply("first");
    assert_answers(&reply, "First");
    // Only the later run is left.
    assert_eq!((caller.messages("connector-runs"), caller.messages("connector-begun")), (1, 0));
    assert_eq!((fleet.asked("Second"), fleet.files()), (0, 0));
    let _next = fleet.worker(&[]);
    assert_answers(&caller.reply("second"), "Second");
    caller.wait_until_done();
    assert_eq!((fleet.asked("First"), fleet.asked("Second")), (1, 1));
}

#[test]
fn a_worker_with_a_short_drain_time_leaves_its_run_to_others() {
    let fleet = fleet();
    let mut worker = fleet.worker(&["--drain", "500ms"]);
    let caller = fleet.caller();
    fleet.sandbox.script(Fault::Delay(FOREVER));
    caller.publish("a", &ask("Hello!"));
    until("the request arrived", || (fleet.asked("Hello!") == 1).then_some(()));
    worker.terminate();
    worker.wait();
    let _other = fleet.worker(&[]);
    assert_eq!(caller.reply("a")["repeated"], true);
}

#[test]
fn a_worker_stops_although_its_server_is_gone() {
    let fleet = fleet();
    let mut worker = fleet.worker(&["--drain", "500ms"]);
    fleet.nats.process().kill();
    let is_disconnected = || worker.log().contains("disconnected from NATS");
    until("the worker is disconnected", || is_disconnected().then_some(()));
    worker.terminate();
    worker.wait();
    assert!(worker.log().contains("cannot send the last acknowledgements"), "{}", worker.log());
}

#[test]
fn a_server_that_is_killed_and_restarted_loses_nothing() {
    const RUNS: usize = 40;
    /// The slots of each worker.
    const SLOTS: usize = 4;
    let mut fleet = fleet();
    let _workers = [fleet.worker(&["--runs", "4"]), fleet.worker(&["--runs", "4"])];
    let caller = fleet.caller();
    (0..3 * RUNS).for_each(|_| fleet.sandbox.script(Fault::Delay(Duration::from_millis(300))));
    for run in 0..RUNS {
        caller.publish(&format!("run-{run}"), &ask(&format!("[{run}]")));
    }
    until("some have ended", || (caller.replies().len() >= 5).then_some(()));
    fleet.nats.restart();
    // A caller that was disconnected reads the stored outcome.
    let mut unmarked = 0;
    for run in 0..RUNS {
        let kept = until(&format!("run {run} is kept"), || caller.kept(&format!("run-{run}")));
        assert_answers(&kept, &format!("[{run}]"));
        let repeated = kept["repeated"] == true;
        let asked = fleet.asked(&format!("[{run}]"));
        assert!(asked > 0, "{kept}");
        unmarked += if repeated { 0 } else { asked - 1 };
    }
    // A killed server loses what it has not yet written, including marks of
    // active runs.
    assert!(unmarked <= 2 * SLOTS, "{unmarked} requests were repeated without a mark");
}
