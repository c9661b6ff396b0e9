//! Enough stack for a guest on any thread.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Additional stack for the host's own functions.
const HOST_STACK: usize = 1 << 20;

/// Calls `work` with enough stack for a guest and the host. Returns `None` if it
/// panics or if there is not enough memory for the stack.
pub(super) fn with_stack<T>(max_stack: usize, work: impl FnOnce() -> T) -> Option<T> {
    let needed = max_stack.saturating_add(HOST_STACK);
    catch_unwind(AssertUnwindSafe(|| stacker::maybe_grow(needed, needed, work))).ok()
}
