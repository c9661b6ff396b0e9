//! Enough stack for a guest, whichever thread it is called on.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// The stack beyond the guest's: for the host's own functions.
const HOST_STACK: usize = 1 << 20;

/// Does something with the stack that a guest and the host need for it. `None`
/// if it panicked, or there is no memory for the stack.
pub(super) fn with_stack<T>(max_stack: usize, work: impl FnOnce() -> T) -> Option<T> {
    let needed = max_stack.saturating_add(HOST_STACK);
    catch_unwind(AssertUnwindSafe(|| stacker::maybe_grow(needed, needed, work))).ok()
}
