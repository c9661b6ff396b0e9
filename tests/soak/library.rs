//! Runs through the library.

use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;

use connector_host::{
    Cancellation, Connection, Connector, Event, FailureKind, FileEntry, Files, Host, HostOptions,
    Outcome,
};
use connector_tests::{component, connection};
use openai_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::AT_ONCE;
use crate::load::{End, Faults, Random, call, recording};

pub struct Library {
    connector: Connector,
    files: Files,
    recording: Value,
    out: tempfile::TempDir,
}

impl Library {
    pub fn new() -> Self {
        let options = HostOptions { concurrent_runs: 2 * AT_ONCE as u32, ..HostOptions::default() };
        let connector = Host::new(options).unwrap().load_file(component()).unwrap();
        let out = tempfile::tempdir().unwrap();
        let files = Files::new(out.path());
        let recording = json!(files.grant(recording()).unwrap());
        Self { connector, files, recording, out }
    }

    pub fn connection(&self, sandbox: &Sandbox) -> Connection {
        connection(&self.connector, sandbox)
    }

    /// Runs an action, which may be cancelled, and removes its files.
    pub fn run(&self, random: &mut Random, connection: &Connection, faults: &Faults<'_>) -> End {
        faults.perhaps(random);
        let (action, input) = call(random, &self.recording);
        let cancellation = Cancellation::new();
        let reported = Arc::new(Mutex::new(Vec::new()));
        let previews = Arc::clone(&reported);
        let run = self.connector.run(action, input).connection(connection);
        let run = run.files(&self.files).cancellation(&cancellation).streaming(random.percent(50));
        let run = run.on_event(move |event| {
            if let Event::File { file } = event {
                previews.lock().unwrap().push(file);
            }
        });
        let ended = thread::scope(|scope| {
            if random.percent(15) {
                let (when, cancellation) = (random.milliseconds(100), cancellation.clone());
                scope.spawn(move || {
                    thread::sleep(when);
                    cancellation.cancel();
                });
            }
            run.start()
        });
        for file in reported.lock().unwrap().drain(..) {
            self.remove(&file);
        }
        match ended {
            Ok(outcome) => {
                files_of(&outcome).iter().for_each(|file| self.remove(file));
                End::Done
            }
            Err(failure) if failure.kind == FailureKind::Internal => {
                End::Wrong(format!("{action}: {failure:?}"))
            }
            Err(failure) => End::Failed(failure.kind.name().to_owned()),
        }
    }

    fn remove(&self, file: &FileEntry) {
        // A preview may be the same file as the image.
        let _ = fs::remove_file(self.out.path().join(&file.name));
    }

    /// Files that remain although every reported file was removed.
    pub fn unknown_files(&self) -> Option<String> {
        let left: Vec<_> =
            fs::read_dir(self.out.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        let some = || format!("library: {} files remain: {:?}", left.len(), left.first());
        (!left.is_empty()).then(some)
    }
}

/// The files in an outcome.
fn files_of(outcome: &Outcome) -> Vec<FileEntry> {
    let one = serde_json::from_value(outcome.output.clone()).ok();
    let several = outcome.output.get("files").cloned();
    let several = several.and_then(|files| serde_json::from_value(files).ok());
    one.into_iter().chain(several.into_iter().flat_map(|files: Vec<FileEntry>| files)).collect()
}
