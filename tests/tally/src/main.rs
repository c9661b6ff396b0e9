//! `tally clear` before the tests, `tally` behind them.

use std::process::ExitCode;

use tally::Kind;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("clear") {
        return match tally::clear() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("the tally cannot be cleared: {error}");
                ExitCode::FAILURE
            }
        };
    }
    let [attacks, faults, fuzz] = Kind::ALL.map(tally::total);
    println!("Tried {attacks} attacks, {faults} faults and {fuzz} fuzz cases.");
    // Tests that were skipped must not look like tests that passed.
    match [attacks, faults, fuzz].contains(&0) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}
