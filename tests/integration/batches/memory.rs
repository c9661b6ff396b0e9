//! The memory that the results of a batch take on the host.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use connector_tests::process::Process;
use connector_tests::{command, sandbox};
use openai_sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{ask, run};

/// Creates a batch, and retrieves it until its next state is the last one.
fn created(sandbox: &Sandbox, folder: &TempDir, inputs: &[Value]) -> Value {
    let batch = run(sandbox, folder, "createBatch", json!({ "inputs": inputs })).unwrap();
    let id = batch.output["id"].clone();
    for status in ["in_progress", "finalizing"] {
        let batch = run(sandbox, folder, "getBatch", json!({ "batchId": id })).unwrap().output;
        assert_eq!(batch["status"], status);
    }
    id
}

/// Runs a command, and returns its output and the most memory that it used, in MB.
fn measured(command: &mut Command) -> (Value, u64) {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
    let process = Process::of(&child);
    let watch = thread::spawn(move || {
        let mut peak = 0;
        // The figure only grows. A process that has ended has none.
        while let Some(memory) = process.peak_memory() {
            peak = memory;
            thread::sleep(Duration::from_millis(1));
        }
        peak
    });
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    (serde_json::from_slice(&output.stdout).unwrap(), watch.join().unwrap() / 1_000)
}

/// The results of 50 MB are in files, in the order of the inputs. They take no more
/// memory than the connector has and the host holds for it. aimock, in `judges`,
/// stores no files of this size.
#[test]
fn results_of_50_megabytes_do_not_fill_the_memory_of_the_host() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let get = |id: &Value| {
        let mut command = command(Some(&sandbox));
        command.args(["run", "openai/v1/getBatch", "--set"]);
        command.arg(format!("batchId={}", id.as_str().unwrap()));
        command.arg("--output-dir").arg(folder.path());
        measured(&mut command)
    };
    let (batch, usual) = get(&created(&sandbox, &folder, &[ask("Hello!")]));
    assert_eq!(batch["results"].as_array().unwrap().len(), 1);

    let inputs: Vec<_> = (0..100)
        .map(|index| {
            let mut input = ask(&format!("{index}: {}", "a".repeat(4_000)));
            input["n"] = 128.into();
            input
        })
        .collect();
    let (batch, most) = get(&created(&sandbox, &folder, &inputs));
    let read = |file: &Value| {
        let url = file["url"].as_str().unwrap();
        fs::read_to_string(url.strip_prefix("file://").unwrap()).unwrap()
    };
    let files = batch["resultFiles"].as_array().unwrap();
    let contents: Vec<_> = files.iter().map(read).collect();
    assert!(contents.iter().map(String::len).sum::<usize>() > 50_000_000);
    let lines = contents.iter().flat_map(|content| content.lines());
    let mut count = 0;
    for (index, line) in lines.enumerate() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["index"], index);
        let answers = line["output"].as_array().unwrap();
        assert_eq!(answers.len(), 128);
        assert!(
            answers
                .iter()
                .all(|answer| answer.as_str().unwrap().contains(&format!("\"{index}: a")))
        );
        count += 1;
    }
    assert_eq!(count, inputs.len());
    assert!(most < usual + 100, "{usual} MB for one result, {most} MB for 50 MB of results");
}
