//! Settings of the memory allocator.

/// Blocks of at least this many bytes are returned to the system as soon as they
/// are freed.
#[cfg(target_env = "gnu")]
const LARGE: libc::c_int = 1 << 20;

/// Makes malloc return large blocks to the system when they are freed.
///
/// By default, glibc raises the threshold to the size of the largest block freed
/// so far. Large blocks of later runs would then stay in the heaps of their
/// threads, up to 32 MiB in each.
#[allow(unsafe_code, reason = "there is no safe function for it")]
pub fn return_large_blocks() {
    // SAFETY: changes a parameter of malloc while no other thread is running.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
    }
}
