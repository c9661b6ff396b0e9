//! Runs that are started through the service.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use connector_tests::CANARY;
use connector_tests::process::Process;
use connector_tests::service::Service;
use openai_sandbox::Sandbox;
use serde_json::{Value, json};
use ureq::Agent;

use crate::AT_ONCE;
use crate::load::{End, Faults, Random, call, recording};

const API: &str = "/api/v1";
/// Longer than any run takes.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long abandoned runs may continue.
const END: Duration = Duration::from_secs(60);

pub struct Served {
    service: Service,
    base_url: String,
    recording: Value,
    keys: AtomicU64,
    /// The number of runs that may have left a file that was not reported.
    unreported: AtomicU64,
}

impl Served {
    pub fn start(sandbox: &Sandbox) -> Self {
        let runs = AT_ONCE.to_string();
        let service = Service::start_with(&["--runs", &runs, "--queue", "64"]);
        let path = format!("{}{API}/files?name=speech.mp3", service.url());
        let mut uploaded = ureq::post(path).send(fs::read(recording()).unwrap()).unwrap();
        let recording = serde_json::from_str(&uploaded.body_mut().read_to_string().unwrap());
        Self {
            service,
            base_url: sandbox.base_url(),
            recording: recording.unwrap(),
            keys: AtomicU64::new(0),
            unreported: AtomicU64::new(0),
        }
    }

    pub fn process(&self) -> Process {
        self.service.process()
    }

    /// Runs an action, which its caller may abandon, and removes its files.
    pub fn run(&self, random: &mut Random, faults: &Faults<'_>) -> End {
        faults.perhaps(random);
        let (action, input) = call(random, &self.recording);
        let connection = json!({ "token": CANARY, "baseUrl": self.base_url });
        let body = json!({ "input": input, "connection": connection }).to_string();
        let path = format!("{}{API}/components/openai/v1/actions/{action}/run", self.service.url());
        let leaves = random.percent(15);
        let patience = if leaves { random.milliseconds(100) } else { PATIENCE };
        let config = Agent::config_builder().timeout_global(Some(patience));
        let agent: Agent = config.http_status_as_error(false).build().into();
        let mut request = agent.post(path).header("content-type", "application/json");
        let streams = random.percent(50);
        if streams {
            request = request.header("accept", "text/event-stream");
        }
        if random.percent(20) {
            let key = self.keys.fetch_add(1, Ordering::Relaxed);
            request = request.header("idempotency-key", format!("soak-{key}"));
        }
        let response = request.send(body).and_then(|mut response| {
            let text = response.body_mut().read_to_string()?;
            Ok((response.status().as_u16(), text))
        });
        let (status, text) = match response {
            Ok(response) => response,
            Err(_) if leaves => {
                self.unreported.fetch_add(1, Ordering::Relaxed);
                return End::Abandoned;
            }
            Err(error) => return End::Wrong(format!("{action}: {error}")),
        };
        let last = if streams && status == 200 {
            text.lines().rev().find_map(|line| line.strip_prefix("data: "))
        } else {
            Some(text.as_str())
        };
        let last = last.and_then(|last| serde_json::from_str::<Value>(last).ok());
        self.end(action, &last.unwrap_or_default(), &text)
    }

    fn end(&self, action: &str, last: &Value, text: &str) -> End {
        if last.get("output").is_some() {
            self.remove_files(text);
            return End::Done;
        }
        self.unreported.fetch_add(1, Ordering::Relaxed);
        let kind = last.get("type").and_then(Value::as_str);
        match kind.and_then(|kind| kind.strip_prefix("urn:connector:problem:")) {
            Some(kind) if kind != "internal" => End::Failed(kind.to_owned()),
            _ => End::Wrong(format!("{action}: {}", text.get(..500).unwrap_or(text))),
        }
    }

    /// Removes every file that a response mentions.
    fn remove_files(&self, text: &str) {
        for rest in text.split("/files/").skip(1) {
            let id = rest.split('"').next().unwrap_or_default();
            if !self.recording.to_string().contains(id) {
                // A response mentions each file more than once.
                let url = format!("{}{API}/files/{id}", self.service.url());
                let _ = ureq::delete(url).call();
            }
        }
    }

    /// Files that remain although every reported file was removed.
    pub fn unknown_files(&self) -> Vec<String> {
        let metrics = || {
            let url = format!("{}/metrics", self.service.url());
            ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap()
        };
        let deadline = Instant::now() + END;
        while !metrics().contains("connector_runs_in_progress 0") {
            if Instant::now() > deadline {
                return vec!["service: abandoned runs continue".to_owned()];
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let left = self.service.files();
        let halves = left.iter().filter(|name| !name.starts_with("file_")).count();
        let whole = (left.len() - halves) as u64;
        // The recording, and an image for each abandoned or failed run. They
        // are removed when they are old.
        let explained = 1 + self.unreported.load(Ordering::Relaxed);
        let mut wrong = Vec::new();
        if halves != 0 {
            wrong.push(format!("service: {halves} incomplete files remain"));
        }
        if whole > explained {
            wrong.push(format!(
                "service: {whole} files remain, but only {explained} are accounted for"
            ));
        }
        wrong
    }
}
