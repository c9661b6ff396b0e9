//! How this program uses memory.

/// From what size on, in bytes, a block of memory is the system's again as soon
/// as it is freed.
#[cfg(target_env = "gnu")]
const LARGE: libc::c_int = 1 << 20;

/// glibc raises this size to that of the largest block freed so far. What eight
/// runs held in large blocks would stay in the heaps of their threads, up to
/// 32 MiB in each.
#[allow(unsafe_code, reason = "there is no safe function for it")]
pub fn return_large_blocks() {
    // SAFETY: it changes a parameter of malloc, and no other thread runs yet.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
    }
}
