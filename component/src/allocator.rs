//! The allocator of the component: smaller than the standard library's, and
//! quicker for a guest that lives for one call.
//!
//! Dropping a value frees nothing: the memory goes with the instance, at the
//! end of the call, and the code that drops values would be a tenth of the
//! component. What a call makes again and again, for each event of a stream
//! and each round of a conversation, is handed back with [`free`].
#![cfg_attr(
    target_arch = "wasm32",
    allow(unsafe_code, reason = "nothing else can be an allocator")
)]

use alloc::string::String;

#[cfg(target_arch = "wasm32")]
pub use self::guest::free;

/// Frees a list, but nothing that its items hold.
#[cfg(not(target_arch = "wasm32"))]
pub fn free<T>(list: Vec<T>) {
    drop(list);
}

/// Frees a text.
pub fn free_text(text: String) {
    free(text.into_bytes());
}

#[cfg(target_arch = "wasm32")]
mod guest {
    use alloc::vec::Vec;
    use core::alloc::{GlobalAlloc, Layout};
    use core::mem::ManuallyDrop;

    use talc::wasm::{WasmDynamicTalc, new_wasm_dynamic_allocator};

    struct Allocator(WasmDynamicTalc);

    #[global_allocator]
    static ALLOCATOR: Allocator = Allocator(new_wasm_dynamic_allocator());

    // SAFETY: all that is handed out comes from an allocator. Not to free is
    // always allowed.
    unsafe impl GlobalAlloc for Allocator {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            // SAFETY: the caller keeps the contract, which is the same.
            unsafe { self.0.alloc(layout) }
        }

        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

        unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            // SAFETY: as for `alloc`.
            unsafe { self.0.realloc(memory, layout, size) }
        }
    }

    /// Frees a list, but nothing that its items hold.
    pub fn free<T>(list: Vec<T>) {
        let mut list = ManuallyDrop::new(list);
        let size = list.capacity() * size_of::<T>();
        if size != 0 {
            // SAFETY: the list got its memory for as many items, and nobody
            // has it any more.
            unsafe {
                let layout = Layout::from_size_align_unchecked(size, align_of::<T>());
                ALLOCATOR.0.dealloc(list.as_mut_ptr().cast(), layout);
            }
        }
    }
}
