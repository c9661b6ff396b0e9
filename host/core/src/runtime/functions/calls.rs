//! Makes all function calls that a model requests in one turn.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use crate::budget::Held;
use crate::contract::text::replace_lone_surrogates;
use crate::contract::{Failure, FailureKind};
use crate::egress;

use super::{Context, Functions, Granted};

/// A function call.
pub(crate) struct Invocation {
    pub name: String,
    /// A JSON object, as text.
    pub arguments: String,
}

/// The result of a call: its JSON text, and the account of its memory until the
/// caller has it.
pub(crate) type CallResult = Result<(String, Held), Failure>;

impl Functions {
    /// The maximum number of concurrent calls of one run.
    pub const AT_ONCE: usize = 8;
}

impl Granted {
    /// Calls functions, up to [`AT_ONCE`](Functions::AT_ONCE) concurrently. The
    /// results are in the order of the calls. A failure or a panic affects only its
    /// own call.
    ///
    /// The calling thread makes calls too, so a single call needs no other thread.
    pub(crate) fn call(&self, calls: &[Invocation], context: &Context) -> Vec<CallResult> {
        let results: Vec<OnceLock<_>> = calls.iter().map(|_| OnceLock::new()).collect();
        let waiting = Mutex::new(calls.iter().zip(&results));
        let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = || {
            while let Some((call, result)) = next() {
                // No other thread took this call.
                let _ = result.set(self.call_one(call, context));
            }
        };
        thread::scope(|scope| {
            for _ in 1..calls.len().min(Functions::AT_ONCE) {
                let thread = thread::Builder::new().name("connector-function".to_owned());
                // If no thread can be started, the existing ones do its work.
                let _ = thread.spawn_scoped(scope, || {
                    let _entered = egress::enter(&context.cancellation);
                    work();
                });
            }
            work();
        });
        let never = || Err(Failure::new(FailureKind::Internal, "the function was not called"));
        results.into_iter().map(|result| result.into_inner().unwrap_or_else(never)).collect()
    }

    fn call_one(&self, call: &Invocation, context: &Context) -> CallResult {
        let Invocation { name, arguments } = call;
        if let Some(stopped) = context.stopped() {
            return Err(stopped.into());
        }
        let Context { account, .. } = context;
        account.check()?;
        let (arguments, _held) =
            account.parse(&replace_lone_surrogates(arguments)).map_err(|error| {
                let message = format!("the arguments of `{name}` are not JSON: {error}");
                Failure { property: None, ..Failure::invalid_input("", message) }
            })?;
        if !arguments.is_object() {
            let message = format!("the arguments of `{name}` must be a JSON object");
            return Err(Failure { property: None, ..Failure::invalid_input("", message) });
        }
        // A panic in one function must not end the run or the other calls.
        let called = || (self.get(name)?.call)(arguments, context);
        let result = catch_unwind(AssertUnwindSafe(called)).unwrap_or_else(|_| {
            let message = format!("the function `{name}` failed");
            Err(Failure::new(FailureKind::Internal, message))
        })?;
        let text = result.to_string();
        let held = account.hold(text.len())?;
        Ok((text, held))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Condvar};
    use std::thread::ThreadId;
    use std::time::{Duration, Instant};

    use serde_json::{Value, json};

    use super::*;
    use crate::budget::{Account, Cancellation, Limits};
    use crate::egress::Retries;
    use crate::files::SharedFiles;

    /// A test that takes longer than this is considered hung.
    const HANG: Duration = Duration::from_secs(300);

    fn context(time: Duration) -> Context {
        Context {
            deadline: Instant::now() + time,
            cancellation: Cancellation::new(),
            account: Account::new(&Limits::default()),
            limits: Limits::default(),
            retries: Retries::default(),
            files: SharedFiles::default(),
        }
    }

    fn calls<'a>(calls: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Invocation> {
        let call = |(name, arguments): (&str, &str)| Invocation {
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        };
        calls.into_iter().map(call).collect()
    }

    /// Grants the functions of all tests.
    fn granted(functions: Functions) -> Granted {
        let names = ["meet", "echo", "panics", "gone", "note", "cancel"];
        functions.granted(names.map(str::to_owned).into())
    }

    fn with(
        functions: Functions,
        name: &str,
        call: impl Fn(Value) -> Result<Value, Failure> + Send + Sync + 'static,
    ) -> Functions {
        functions.with(name, "For tests.", json!({"type": "object"}), call)
    }

    /// A function that waits until `of` calls run concurrently and returns the
    /// maximum number of concurrent calls.
    fn meeting(of: usize) -> Functions {
        let inside = Arc::new((Mutex::new((0, 0)), Condvar::new()));
        with(Functions::new(), "meet", move |_| {
            let (count, changed) = &*inside;
            let mut count = count.lock().unwrap();
            count.0 += 1;
            count.1 = count.1.max(count.0);
            changed.notify_all();
            let (mut count, _) =
                changed.wait_timeout_while(count, HANG, |(_, most)| *most < of).unwrap();
            count.0 -= 1;
            Ok(json!(count.1))
        })
    }

    #[test]
    fn makes_a_limited_number_of_calls_concurrently() {
        let results =
            granted(meeting(Functions::AT_ONCE)).call(&calls([("meet", "{}"); 50]), &context(HANG));
        assert_eq!(results.len(), 50);
        for result in results {
            assert_eq!(result.ok().unwrap().0, Functions::AT_ONCE.to_string());
        }
    }

    #[test]
    fn results_are_in_the_order_of_the_calls_and_failures_are_isolated() {
        let functions = with(Functions::new(), "echo", |arguments| {
            // The first call ends last.
            thread::sleep(Duration::from_millis(20 - arguments["n"].as_u64().unwrap()));
            Ok(arguments)
        });
        let functions = with(functions, "panics", |_| panic!("a bug"));
        let numbers: Vec<String> = (0..20).map(|n| json!({"n": n}).to_string()).collect();
        let mut all = calls(numbers.iter().map(|arguments| ("echo", arguments.as_str())));
        all.extend(calls([("panics", "{}"), ("gone", "{}"), ("echo", "{"), ("echo", "[1]")]));
        let mut results = granted(functions).call(&all, &context(HANG));
        let failures: Vec<Failure> =
            results.split_off(20).into_iter().filter_map(Result::err).collect();
        let values: Vec<String> =
            results.into_iter().map(|result| result.ok().unwrap().0).collect();
        assert_eq!(values, numbers);
        let found: Vec<_> = failures.iter().map(|f| (f.kind, f.message.as_str())).collect();
        assert_eq!(found[0], (FailureKind::Internal, "the function `panics` failed"));
        assert_eq!(found[1].0, FailureKind::InvalidInput);
        assert!(found[2].1.starts_with("the arguments of `echo` are not JSON"), "{found:?}");
        assert_eq!(found[3].1, "the arguments of `echo` must be a JSON object");
    }

    #[test]
    fn a_single_call_needs_no_thread() {
        let called_on: Arc<Mutex<Vec<ThreadId>>> = Arc::default();
        let note = Arc::clone(&called_on);
        let functions = with(Functions::new(), "note", move |_| {
            note.lock().unwrap().push(thread::current().id());
            Ok(Value::Null)
        });
        let functions = granted(functions);
        assert!(functions.call(&[], &context(HANG)).is_empty());
        assert!(functions.call(&calls([("note", "{}")]), &context(HANG)).remove(0).is_ok());
        assert_eq!(*called_on.lock().unwrap(), [thread::current().id()]);
    }

    #[test]
    fn a_stopped_run_makes_no_more_calls() {
        let begun = Arc::new(AtomicUsize::new(0));
        let cancelled = context(HANG);
        let (count, cancellation) = (Arc::clone(&begun), cancelled.cancellation.clone());
        let functions = with(Functions::new(), "cancel", move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            cancellation.cancel();
            Ok(Value::Null)
        });
        let functions = granted(functions);
        let kinds = |context: &Context| -> Vec<FailureKind> {
            let results = functions.call(&calls([("cancel", "{}"); 50]), context);
            results.into_iter().filter_map(|result| Some(result.err()?.kind)).collect()
        };
        let failed = kinds(&cancelled);
        assert!(50 - Functions::AT_ONCE <= failed.len(), "{failed:?}");
        assert!(failed.iter().all(|kind| *kind == FailureKind::Cancelled), "{failed:?}");
        assert!(begun.load(Ordering::Relaxed) <= Functions::AT_ONCE);
        assert_eq!(kinds(&context(Duration::ZERO)), [FailureKind::Timeout; 50]);
    }
}
