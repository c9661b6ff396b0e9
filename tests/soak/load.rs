//! The load: workers, faults, and how runs ended.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread::Scope;
use std::time::{Duration, Instant, SystemTime};

use connector_tests::in_repository;
use openai_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

/// A simple random number generator.
pub struct Random(u64);

impl Random {
    fn new(worker: u64) -> Self {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
        Self((now ^ worker.wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1)
    }

    /// A number in `0..end`.
    pub fn below(&mut self, end: u64) -> u64 {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    /// Returns true with this probability in percent.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    /// A random duration below `max` milliseconds.
    pub fn milliseconds(&mut self, max: u64) -> Duration {
        Duration::from_millis(self.below(max))
    }
}

/// Threads that repeat the same work until the end.
pub struct Workers<'scope, 'env> {
    scope: &'scope Scope<'scope, 'env>,
    end: Instant,
    count: usize,
}

impl<'scope, 'env> Workers<'scope, 'env> {
    pub fn new(scope: &'scope Scope<'scope, 'env>, end: Instant, count: usize) -> Self {
        Self { scope, end, count }
    }

    pub fn work(&self, work: impl Fn(&mut Random) + Clone + Send + 'scope) {
        for worker in 0..self.count {
            let (work, end) = (work.clone(), self.end);
            self.scope.spawn(move || {
                let mut random = Random::new(worker as u64 + 1);
                while Instant::now() < end {
                    work(&mut random);
                }
            });
        }
    }
}

/// Faults of the provider.
#[derive(Clone, Copy)]
pub struct Faults<'a>(&'a Sandbox);

impl<'a> Faults<'a> {
    pub fn new(sandbox: &'a Sandbox) -> Self {
        Self(sandbox)
    }

    /// With a certain probability, scripts a fault for the next request.
    pub fn perhaps(self, random: &mut Random) {
        if !random.percent(40) {
            return;
        }
        let (after, pause) = (random.below(2000) as usize, random.milliseconds(300));
        self.0.script(match random.below(10) {
            0 => Fault::error(429, "rate_limit_exceeded", "Slow down."),
            1 => Fault::error(500, "server_error", "Oh."),
            2 => Fault::error(400, "unsupported", "No."),
            3 => Fault::text(502, "Bad gateway"),
            4 => Fault::Delay(pause),
            5 => Fault::HangUp,
            6 => Fault::CutBody { after },
            7 => Fault::Stall { after, pause },
            8 => Fault::Pieces { size: 1 + after % 100, pause: Duration::ZERO },
            _ => Fault::EchoAuthorization { status: 401 },
        });
    }
}

/// An action and an input for it. `file` is an audio file.
pub fn call(random: &mut Random, file: &Value) -> (&'static str, Value) {
    let number = random.below(1000);
    match random.below(8) {
        0..4 => {
            let content = format!("{number} times hello! ").repeat(1 + random.below(50) as usize);
            ("ask", json!({ "messages": [{ "role": "user", "content": content }] }))
        }
        4 => (
            "createImage",
            json!({
                "imageMessages": [{ "content": format!("A picture {number}") }],
                "size": "256x256", "model": "dall-e-2",
            }),
        ),
        5 => (
            "createImage",
            json!({
                "imageMessages": [{ "content": format!("A picture {}", number % 4) }],
            }),
        ),
        6 => (
            "createSpeech",
            json!({
                "input": format!("Speech {number}"), "voice": "alloy", "responseFormat": "wav",
            }),
        ),
        _ => ("createTranscription", json!({ "file": file })),
    }
}

/// An audio file to transcribe.
pub fn recording() -> std::path::PathBuf {
    in_repository("tests/sandbox/samples/speech.mp3")
}

/// How a run ended.
pub enum End {
    /// With an outcome.
    Done,
    /// With a failure of this kind.
    Failed(String),
    /// The caller abandoned it.
    Abandoned,
    /// In a way that is not allowed.
    Wrong(String),
}

/// The number of runs by how they ended.
#[derive(Default)]
pub struct Tally(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    ends: BTreeMap<(&'static str, String), u64>,
    wrong: Vec<String>,
}

impl Tally {
    pub fn add(&self, source: &'static str, end: End) {
        let mut counted = self.0.lock().unwrap();
        let end = match end {
            End::Done => "done".to_owned(),
            End::Failed(kind) => kind,
            End::Abandoned => "abandoned by its caller".to_owned(),
            End::Wrong(what) => {
                counted.wrong.push(format!("{source}: {what}"));
                return;
            }
        };
        *counted.ends.entry((source, end)).or_default() += 1;
    }

    /// The first few runs that ended in a way that is not allowed.
    pub fn wrong(&self) -> Vec<String> {
        self.0.lock().unwrap().wrong.iter().take(20).cloned().collect()
    }

    pub fn print(&self) {
        println!("\n{:<10} {:<20} {:>10}", "", "runs ended", "");
        for ((source, end), count) in &self.0.lock().unwrap().ends {
            println!("{source:<10} {end:<20} {count:>10}");
        }
    }
}
