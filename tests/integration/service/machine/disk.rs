//! A disk on which files cannot grow, as if it were full.

use std::fs;
use std::process::Command;
use std::thread;

use connector_tests::{command, ran, sandbox};
use openai_sandbox::Fault;
use rustix::process::Resource;

use super::*;

/// A file size limit in bytes: smaller than any file these tests create, and
/// large enough for the image of a connector's memory, which is a file too.
const FULL: Option<u64> = Some(100_000);
/// Not even the store can be written to.
const COMPLETELY_FULL: Option<u64> = Some(100);

#[test]
fn an_upload_that_does_not_fit_is_reported_and_leaves_nothing() {
    let service = Service::start();
    let content = [7; 500_000];
    service.process().limit(Resource::Fsize, FULL);
    assert_eq!(upload(&service, "a.bin", &content).problem(507), "no-space");
    assert_eq!(service.files(), [""; 0]);
    service.process().limit(Resource::Fsize, None);
    upload(&service, "a.bin", &content).expect(201);
}

#[test]
fn a_run_whose_file_does_not_fit_fails_and_leaves_nothing() {
    let (service, sandbox) = (Service::start(), sandbox());
    service.process().limit(Resource::Fsize, FULL);
    let failed = speak(&service, &sandbox);
    assert_eq!(failed.problem(500), "internal");
    assert_eq!(failed.json()["failure"]["requestSent"], true);
    assert_eq!(service.files(), [""; 0]);
    service.process().limit(Resource::Fsize, None);
    speak(&service, &sandbox).expect(200);
    assert_eq!(service.files().len(), 1);
}

/// Without any space, the run fails before it costs anything.
#[test]
fn a_run_without_space_for_its_file_makes_no_request() {
    let (service, sandbox) = (Service::start(), sandbox());
    service.process().limit(Resource::Fsize, COMPLETELY_FULL);
    let failed = speak(&service, &sandbox);
    assert_eq!(failed.problem(500), "internal");
    let failure = &failed.json()["failure"];
    assert_eq!(failure["message"], "cannot write to the file store: file too large");
    assert_eq!(failure["requestSent"], false);
    assert!(sandbox.requests().is_empty());
}

/// The output folder of the command, which the library writes to.
#[test]
fn a_run_with_a_full_output_folder_fails_and_leaves_nothing() {
    let (folder, sandbox) = (tempfile::tempdir().unwrap(), sandbox());
    let out = folder.path().to_str().unwrap();
    let input = format!("input={}", long_text());
    let run = ["run", "openai/v1/createSpeech", "--set", "responseFormat=wav", "--set"];
    let mut whole = command(Some(&sandbox));
    whole.args(run).args([&input, "--set", "voice=alloy", "--output-dir", out]);
    let mut limited = Command::new("sh");
    limited.args(["-c", r#"trap "" XFSZ; ulimit -f 100; exec "$@""#, "sh"]);
    limited.arg(whole.get_program()).args(whole.get_args()).env_clear();
    limited.envs(whole.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let failed = ran(&mut limited);
    assert_ne!(failed.status, 0);
    assert!(failed.stderr.contains("cannot write speech.wav"), "{failed:?}");
    assert_eq!(fs::read_dir(out).unwrap().count(), 0);
    let run = ran(&mut whole);
    assert_eq!(run.status, 0, "{run:?}");
    assert_eq!(fs::read_dir(out).unwrap().count(), 1);
}

#[test]
fn a_full_store_is_reported_and_keeps_its_content() {
    let (service, sandbox) = (Service::start(), sandbox());
    store(&service, &sandbox, "before").expect(201);
    service.process().limit(Resource::Fsize, COMPLETELY_FULL);
    let failed = store(&service, &sandbox, "during");
    assert!(matches!(failed.problem(failed.status).as_str(), "internal" | "no-space"));
    // A run that cannot be recorded does not start.
    let unpaid = ask_with_key(&service, "k1", &question(&sandbox));
    assert!(matches!(unpaid.problem(unpaid.status).as_str(), "internal" | "no-space"));
    assert!(sandbox.requests().is_empty());
    service.process().limit(Resource::Fsize, None);
    store(&service, &sandbox, "after").expect(201);
    let list = super::super::get(&service, &format!("{API}/connections")).expect(200).json();
    let names = list["connections"].as_array().unwrap().iter().map(|one| &one["name"]);
    assert_eq!(names.collect::<Vec<_>>(), ["after", "before"]);
    ask_with_key(&service, "k1", &question(&sandbox)).expect(200);
}

#[test]
fn an_outcome_that_cannot_be_stored_is_reported_and_not_repeated() {
    let (mut service, sandbox) = (Service::start(), sandbox());
    let body = question(&sandbox);
    sandbox.script(Fault::Delay(Duration::from_secs(5)));
    thread::scope(|scope| {
        let caller = scope.spawn(|| ask_with_key(&service, "k1", &body));
        while sandbox.requests().is_empty() {
            thread::sleep(Duration::from_millis(5));
        }
        service.process().limit(Resource::Fsize, COMPLETELY_FULL);
        caller.join().unwrap().expect(200);
    });
    service.kill();
    service.restart();
    let again = ask_with_key(&service, "k1", &body);
    assert_eq!(again.problem(409), "conflict");
    assert_eq!(sandbox.requests().len(), 1);
}
