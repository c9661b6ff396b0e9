//! Limits on the complexity of a component's functions. The time and memory that
//! compilation takes grow faster than the code: one function of a few kilobytes
//! with a great many blocks and variables can take minutes and gigabytes. Such
//! components are rejected before they are compiled.
//!
//! The limits are several times what the largest known component needs. That
//! component contains the engine of a scripting language.

use wasmparser::{FunctionBody, Operator, Parser, Payload};

/// The maximum size of a component, in bytes.
pub(crate) const MAX_COMPONENT: usize = 64 << 20;
/// The maximum size of a function, in bytes.
const MAX_FUNCTION: usize = 2 << 20;
/// The maximum number of blocks and branch targets in a function.
const MAX_BLOCKS: u64 = 100_000;
/// The maximum number of local variables in a function.
const MAX_LOCALS: u64 = 10_000;
/// The maximum product of both: each variable may have to be merged where blocks
/// join.
const MAX_JOINS: u64 = 2_000_000;

/// Why a component is not compiled.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TooComplex {
    /// The component is too large.
    #[error("it is larger than {MAX_COMPONENT} bytes")]
    Component,
    /// A function is too large.
    #[error("it has a function of more than {MAX_FUNCTION} bytes")]
    Function,
    /// A function has too many variables.
    #[error("it has a function with more than {MAX_LOCALS} variables")]
    Locals,
    /// A function has too many blocks.
    #[error("it has a function with more than {MAX_BLOCKS} blocks")]
    Blocks,
    /// A function has too many blocks and variables together.
    #[error("it has a function with too many blocks and variables (product over {MAX_JOINS})")]
    Joins,
}

/// Rejects a component that would take too long to compile. The compiler rejects
/// components that are not valid.
pub(crate) fn check(wasm: &[u8]) -> Result<(), TooComplex> {
    if wasm.len() > MAX_COMPONENT {
        return Err(TooComplex::Component);
    }
    for payload in Parser::new(0).parse_all(wasm) {
        match payload {
            Ok(Payload::CodeSectionEntry(body)) => check_function(&body)?,
            Ok(_) => {}
            Err(_) => break,
        }
    }
    Ok(())
}

fn check_function(body: &FunctionBody<'_>) -> Result<(), TooComplex> {
    if body.range().len() > MAX_FUNCTION {
        return Err(TooComplex::Function);
    }
    let locals = body.get_locals_reader().into_iter().flatten().filter_map(Result::ok);
    let locals = locals.fold(0_u64, |sum, (count, _)| sum.saturating_add(count.into()));
    if locals > MAX_LOCALS {
        return Err(TooComplex::Locals);
    }
    let mut blocks = 0_u64;
    for operator in body.get_operators_reader().into_iter().flatten() {
        blocks += match operator {
            Ok(
                Operator::Block { .. }
                | Operator::Loop { .. }
                | Operator::If { .. }
                | Operator::Else
                | Operator::Br { .. }
                | Operator::BrIf { .. },
            ) => 1,
            Ok(Operator::BrTable { targets }) => u64::from(targets.len()),
            Ok(_) => 0,
            Err(_) => break,
        };
    }
    match blocks {
        _ if blocks > MAX_BLOCKS => Err(TooComplex::Blocks),
        _ if blocks.saturating_mul(locals.max(1)) > MAX_JOINS => Err(TooComplex::Joins),
        _ => Ok(()),
    }
}
