//! Workers that end, in good order or not, and runs that others take over.

use std::time::Duration;

use openai_sandbox::Fault;
use serde_json::json;

use super::*;

/// Longer than a worker may be silent.
const LONG: Duration = Duration::from_secs(6);

#[test]
fn a_run_of_a_killed_worker_is_taken_over() {
    let fleet = fleet();
    let killed = fleet.worker(&[]);
    let caller = fleet.caller();
    fleet.sandbox.script(Fault::Delay(FOREVER));
    caller.publish("a", &ask("Hello!"));
    until("it is asked", || (fleet.asked("Hello!") == 1).then_some(()));
    let other = fleet.worker(&[]);
    killed.kill();
    let reply = caller.reply("a");
    assert_answers(&reply, "Hello!");
    // It says itself that it may be paid twice.
    assert_eq!((&reply["deliveries"], &reply["repeated"]), (&json!(2), &json!(true)));
    assert_eq!(reply["worker"], other.id());
    caller.is_done();
    assert_eq!((fleet.asked("Hello!"), caller.replies().len()), (2, 1));
}

#[test]
fn a_run_that_may_not_be_paid_twice_is_not() {
    let fleet = fleet();
    let killed = fleet.worker(&[]);
    let caller = fleet.caller();
    fleet.sandbox.script(Fault::Delay(FOREVER));
    let mut run = ask("Hello!");
    run["repeat"] = json!(false);
    caller.publish("a", &run);
    until("it is asked", || (fleet.asked("Hello!") == 1).then_some(()));
    killed.kill();
    let _other = fleet.worker(&[]);
    let failure = caller.reply("a")["failure"].take();
    let message = failure["message"].as_str().unwrap();
    assert!(message.contains("you may have been charged"), "{failure}");
    assert_eq!(failure["requestSent"], true);
    caller.is_done();
    assert_eq!((fleet.asked("Hello!"), caller.replies().len()), (1, 1));
}

#[test]
fn a_run_that_takes_long_stays_with_its_worker() {
    let fleet = fleet();
    let _workers = [fleet.worker(&[]), fleet.worker(&[])];
    let caller = fleet.caller();
    fleet.sandbox.script(Fault::Delay(LONG));
    let reply = caller.run("a", &ask("Hello!"));
    assert_eq!((&reply["deliveries"], &reply["repeated"]), (&json!(1), &json!(false)));
    assert_eq!(fleet.asked("Hello!"), 1);
}

#[test]
fn a_worker_that_is_told_to_stop_ends_what_it_has_and_takes_nothing_more() {
    let fleet = fleet();
    let mut worker = fleet.worker(&[]);
    let caller = fleet.caller();
    fleet.sandbox.script(Fault::Delay(Duration::from_secs(2)));
    caller.publish("first", &ask("First"));
    until("it is asked", || (fleet.asked("First") == 1).then_some(()));
    worker.terminate();
    let is_told = || worker.log().contains("taking no more runs");
    until("the worker stops", || is_told().then_some(()));
    caller.publish("second", &ask("Second"));
    worker.wait();
    let reply = caller.reply("first");
    assert_answers(&reply, "First");
    // Nothing is left of it but the run that came later.
    assert_eq!((caller.messages("connector-runs"), caller.messages("connector-begun")), (1, 0));
    assert_eq!((fleet.asked("Second"), fleet.files()), (0, 0));
    let _next = fleet.worker(&[]);
    assert_answers(&caller.reply("second"), "Second");
    caller.is_done();
    assert_eq!((fleet.asked("First"), fleet.asked("Second")), (1, 1));
}

#[test]
fn a_worker_that_may_not_wait_leaves_its_run_to_others() {
    let fleet = fleet();
    let mut worker = fleet.worker(&["--drain", "500ms"]);
    let caller = fleet.caller();
    fleet.sandbox.script(Fault::Delay(FOREVER));
    caller.publish("a", &ask("Hello!"));
    until("it is asked", || (fleet.asked("Hello!") == 1).then_some(()));
    worker.terminate();
    worker.wait();
    let _other = fleet.worker(&[]);
    assert_eq!(caller.reply("a")["repeated"], true);
}

#[test]
fn a_server_that_is_killed_and_comes_back_has_lost_nothing() {
    const RUNS: usize = 40;
    /// Of each worker.
    const PLACES: usize = 4;
    let mut fleet = fleet();
    let _workers = [fleet.worker(&["--runs", "4"]), fleet.worker(&["--runs", "4"])];
    let caller = fleet.caller();
    (0..3 * RUNS).for_each(|_| fleet.sandbox.script(Fault::Delay(Duration::from_millis(300))));
    for run in 0..RUNS {
        caller.publish(&format!("run-{run}"), &ask(&format!("[{run}]")));
    }
    until("some have ended", || (5 <= caller.replies().len()).then_some(()));
    fleet.nats.restart();
    // Whoever was not connected asks for what is kept.
    let mut unmarked = 0;
    for run in 0..RUNS {
        let kept = until(&format!("run {run} is kept"), || caller.kept(&format!("run-{run}")));
        assert_answers(&kept, &format!("[{run}]"));
        let repeated = kept["repeated"] == true;
        let asked = fleet.asked(&format!("[{run}]"));
        assert!(0 < asked, "{kept}");
        unmarked += if repeated { 0 } else { asked - 1 };
    }
    // A server forgets what it has not yet written when it is killed: notes of
    // runs that were under way among it.
    assert!(unmarked <= 2 * PLACES, "{unmarked} requests were made again, and nobody says so");
}
