//! Tests parsers with generated inputs.
//!
//! A property is a function that panics if it does not hold for an input. The
//! smallest failing input is printed, and its seed is written to
//! `proptest-regressions/` in the crate under test. Once the seed is committed
//! there, it is always tested first.

mod mutation;

use std::fmt::Debug;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

pub use mutation::{cut, mutated, mutated_text};

/// The seed of the inputs that are tested by default.
const SEED: u64 = 35;

/// Tests `cases` fixed inputs, or as many random ones as `PROPTEST_CASES`
/// specifies. `source` is the test's `file!()`.
///
/// # Panics
/// If the property does not hold for one of the inputs.
#[allow(clippy::panic, reason = "a failing test panics")]
#[track_caller]
pub fn try_all<S>(source: &'static str, cases: u32, inputs: &S, property: impl Fn(S::Value))
where
    S: Strategy,
    S::Value: Debug,
{
    let asked = std::env::var_os("PROPTEST_CASES");
    // By default, the configuration reads the environment.
    let config = Config { source_file: Some(source), ..Config::default() };
    let config = match asked {
        Some(_) => config,
        None => Config { cases, rng_seed: RngSeed::Fixed(SEED), ..config },
    };
    let result = TestRunner::new(config).run(inputs, |input| {
        property(input);
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, input)) => panic!("{reason}\nthe smallest input: {input:?}"),
        Err(TestError::Abort(reason)) => panic!("no inputs: {reason}"),
    }
}
