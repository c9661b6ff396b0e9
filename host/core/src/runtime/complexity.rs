//! How complicated a component's functions may be. Compiling takes time and
//! memory that grow faster than the code: one function of a few kilobytes with
//! very many blocks and variables takes minutes and gigabytes. So what is out of
//! all proportion is refused before it is compiled.
//!
//! The numbers are several times what the largest known component needs: one that
//! brings the engine of a scripting language.

use wasmparser::{FunctionBody, Operator, Parser, Payload};

/// The largest component, in bytes.
pub(crate) const MAX_COMPONENT: usize = 64 << 20;
/// The largest function, in bytes.
const MAX_FUNCTION: usize = 2 << 20;
/// The most blocks and targets of jumps in a function.
const MAX_BLOCKS: u64 = 100_000;
/// The most local variables of a function.
const MAX_LOCALS: u64 = 10_000;
/// The most of both, multiplied: where blocks meet, each variable may have to be
/// joined.
const MAX_JOINS: u64 = 2_000_000;

/// Why a component is not compiled.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TooComplex {
    /// The component as a whole.
    #[error("it is larger than {MAX_COMPONENT} bytes")]
    Component,
    /// A function's size.
    #[error("it has a function of more than {MAX_FUNCTION} bytes")]
    Function,
    /// A function's variables.
    #[error("it has a function with more than {MAX_LOCALS} variables")]
    Locals,
    /// A function's blocks.
    #[error("it has a function with more than {MAX_BLOCKS} blocks")]
    Blocks,
    /// A function's blocks and variables together.
    #[error("it has a function with too many blocks and variables ({MAX_JOINS}, multiplied)")]
    Joins,
}

/// Refuses a component that would take too long to compile. One that is not
/// valid is the compiler's to refuse.
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
