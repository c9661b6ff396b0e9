//! The rows of a table, the expected results, and the code that checks them.

use std::collections::VecDeque;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use connector_host::{Event, FailureKind, Limits};
use connector_tests::{CANARY, HANG, connection_values};
use openai_sandbox::{RawServer, Step};

use super::calls::{ALL, Call, End, Observed};
use super::{OPENAI, PROVIDER, limits};

/// The number of cells that run at the same time. Most of them wait.
const AT_ONCE: usize = 40;
/// The maximum number of attempts for a connection test and a list of options.
const HARMLESS_ATTEMPTS: usize = 4;

/// A fault, and the expected result of a run in which it occurs.
pub struct Row {
    name: String,
    calls: Vec<Call>,
    /// The provider's behavior; `None` if it refuses connections.
    steps: Option<Box<dyn Fn(Call) -> Vec<Step> + Send + Sync>>,
    limits: Limits,
    expected: Expected,
    exceptions: Vec<(Vec<Call>, Expected)>,
}

/// The expected result of a run.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    failure: Option<FailureKind>,
    /// Whether the provider may have seen the request; `None` if that depends on
    /// timing.
    sent: Option<bool>,
    retried: Retried,
}

/// Whether the request is retried.
#[derive(Clone, Copy, Debug)]
enum Retried {
    Never,
    /// Only if it changes nothing at the provider.
    IfHarmless,
    /// The same, if the fault comes before the response.
    PerhapsIfHarmless,
    Always,
    Perhaps,
}

/// The run succeeds on the first attempt.
pub fn works() -> Expected {
    Expected { failure: None, sent: Some(true), retried: Retried::Never }
}

/// The run fails after one request.
pub fn fails(kind: FailureKind) -> Expected {
    Expected { failure: Some(kind), ..works() }
}

impl Expected {
    /// The provider certainly did not see the request.
    pub fn unsent(self) -> Self {
        Self { sent: Some(false), ..self }
    }

    /// The request is retried.
    pub fn retried(self) -> Self {
        Self { retried: Retried::Always, ..self }
    }

    /// The request is retried if it is harmless.
    pub fn retried_if_harmless(self) -> Self {
        Self { retried: Retried::IfHarmless, ..self }
    }

    /// The same, but only if the fault comes before the response: a reset
    /// discards bytes that were not read yet.
    pub fn retried_if_harmless_and_early(self) -> Self {
        Self { retried: Retried::PerhapsIfHarmless, ..self }
    }

    /// The request is retried if the fault came before it was sent.
    pub fn retried_if_early(self) -> Self {
        Self { sent: None, retried: Retried::Perhaps, ..self }
    }

    fn attempts(self, call: Call) -> RangeInclusive<usize> {
        let max = if call.is_harmless() { HARMLESS_ATTEMPTS } else { 2 };
        match self.retried {
            Retried::Never => 1..=1,
            Retried::IfHarmless | Retried::PerhapsIfHarmless if !call.is_harmless() => 1..=1,
            Retried::IfHarmless | Retried::Always => max..=max,
            Retried::PerhapsIfHarmless | Retried::Perhaps => 1..=max,
        }
    }
}

impl Row {
    /// A provider that plays these steps on every connection.
    pub fn new(
        name: impl Into<String>,
        steps: impl Fn(Call) -> Vec<Step> + Send + Sync + 'static,
        expected: Expected,
    ) -> Self {
        Self {
            name: name.into(),
            calls: ALL.to_vec(),
            steps: Some(Box::new(steps)),
            limits: limits(),
            expected,
            exceptions: Vec::new(),
        }
    }

    /// A provider that answers every request with these bytes.
    pub fn answer(
        name: impl Into<String>,
        answer: impl Fn(Call) -> Vec<u8> + Send + Sync + 'static,
        expected: Expected,
    ) -> Self {
        Self::new(name, move |call| vec![Step::ReadRequest, Step::Write(answer(call))], expected)
    }

    /// A provider that does not listen.
    pub fn refused(name: &str, expected: Expected) -> Self {
        Self { steps: None, ..Self::new(name, |_| Vec::new(), expected) }
    }

    /// Restricts the row to these calls.
    pub fn only(self, calls: &[Call]) -> Self {
        Self { calls: calls.to_vec(), ..self }
    }

    /// Restricts the row to runs of actions.
    pub fn only_actions(mut self) -> Self {
        self.calls.retain(|call| !call.is_harmless());
        self
    }

    /// Sets other limits.
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Sets a different expected result for these calls.
    pub fn except(mut self, calls: &[Call], expected: Expected) -> Self {
        self.exceptions.push((calls.to_vec(), expected));
        self
    }

    fn expected(&self, call: Call) -> Expected {
        let own = self.exceptions.iter().find(|(calls, _)| calls.contains(&call));
        own.map_or(self.expected, |(_, expected)| *expected)
    }
}

/// Runs every cell of a table, and reports all unexpected results.
#[track_caller]
pub fn check(rows: Vec<Row>) {
    let cells: VecDeque<(&Row, Call)> =
        rows.iter().flat_map(|row| row.calls.iter().map(move |call| (row, *call))).collect();
    let count = cells.len();
    let waiting = Mutex::new(cells);
    let surprises = Mutex::new(Vec::new());
    let next = || waiting.lock().unwrap().pop_front();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(count) {
            scope.spawn(|| {
                while let Some((row, call)) = next() {
                    if let Err(surprise) = cell(row, call) {
                        let name = &row.name;
                        surprises.lock().unwrap().push(format!("{name}, {call:?}: {surprise}"));
                    }
                }
            });
        }
    });
    let surprises = surprises.into_inner().unwrap();
    let among = surprises.len();
    assert!(surprises.is_empty(), "{among} of {count} cells:\n{}", surprises.join("\n"));
}

/// Runs one cell. The error describes the unexpected result.
fn cell(row: &Row, call: Call) -> Result<(), String> {
    let server = RawServer::in_front_of(&PROVIDER).unwrap();
    if let Some(steps) = &row.steps {
        server.play(steps(call)).unwrap();
    }
    let base_url = format!("http://{}/v1", server.address());
    let connection = OPENAI.connection(connection_values(&base_url)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let expected = row.expected(call);

    let started = Instant::now();
    let observed = call.make(&OPENAI, &connection, folder.path(), row.limits.clone());
    let took = started.elapsed();
    if took > row.limits.time + HANG {
        return Err(format!("it took {took:?}"));
    }
    judge(&observed, expected, call)?;
    let attempts = if row.steps.is_some() { expected.attempts(call) } else { 0..=0 };
    if !attempts.contains(&server.connections()) {
        return Err(format!("{} connections: {:?}", server.connections(), observed.end));
    }
    free_of_token(&observed, folder.path())?;
    // A file that an event reported belongs to the caller.
    let is_reported = |name: &String| {
        observed
            .events
            .iter()
            .any(|event| matches!(event, Event::File { file } if file.name == *name))
    };
    let mut names = names(folder.path());
    names.retain(|name| !is_reported(name));
    let is_clean = match expected.failure {
        Some(_) => names.is_empty(),
        None => !names.iter().any(|name| name.starts_with('.')),
    };
    if !is_clean {
        return Err(format!("it left files behind: {names:?}"));
    }

    server.forward().unwrap();
    match call.make(&OPENAI, &connection, folder.path(), Limits::default()).end {
        End::Success(..) => Ok(()),
        other => Err(format!("after the fault: {other:?}")),
    }
}

fn judge(observed: &Observed, expected: Expected, call: Call) -> Result<(), String> {
    let is_as_expected = match (&observed.end, expected.failure) {
        (End::Success(_, attempts), None) => {
            attempts.is_none_or(|attempts| expected.attempts(call).contains(&attempts))
        }
        (End::Failure(failure), Some(kind)) => {
            let sent = failure.request_sent;
            failure.kind == kind && expected.sent.is_none_or(|expected| expected == sent)
        }
        (End::NoList(reason), Some(_)) => call == Call::Options && !reason.is_empty(),
        _ => false,
    };
    if is_as_expected { Ok(()) } else { Err(format!("{:?}", observed.end)) }
}

/// Checks that the events, the result and the files of a run contain no form of
/// the token.
fn free_of_token(observed: &Observed, folder: &Path) -> Result<(), String> {
    let mut shown = format!("{:?} {:?}", observed.end, observed.events).into_bytes();
    for name in names(folder) {
        shown.extend(fs::read(folder.join(name)).unwrap());
    }
    // A prefix of each form, long enough to guess the rest.
    let base64 = STANDARD_NO_PAD.encode(CANARY);
    let header = STANDARD_NO_PAD.encode(format!("Bearer {CANARY}"));
    for form in [&CANARY[..14], &base64[..18], &header[..18]] {
        if shown.windows(form.len()).any(|window| window == form.as_bytes()) {
            return Err(format!("the token is in {}", String::from_utf8_lossy(&shown)));
        }
    }
    Ok(())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
