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
    use core::arch::wasm32::{memory_grow, memory_size};
    use core::mem::ManuallyDrop;
    use core::ptr::NonNull;

    use talc::base::Talc;
    use talc::base::binning::Binning;
    use talc::cell::TalcSyncCell;
    use talc::source::Source;
    use talc::wasm::WasmBinning;

    const PAGE: usize = 64 << 10;

    struct Allocator(TalcSyncCell<Memory, WasmBinning>);

    #[global_allocator]
    static ALLOCATOR: Allocator =
        Allocator(TalcSyncCell::new_wasm(Memory { is_begun: false, end: None }));

    /// Where the allocator's memory comes from. First what is left of the
    /// pages that an instance begins with: most calls need no more, and to grow
    /// the memory costs the host two calls of the system.
    #[derive(Debug)]
    struct Memory {
        is_begun: bool,
        end: Option<NonNull<u8>>,
    }

    // SAFETY: it allocates nothing itself.
    unsafe impl Source for Memory {
        fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
            unsafe extern "C" {
                /// By the linker: where the module's own data end.
                static __heap_base: u8;
            }
            if !talc.source.is_begun {
                talc.source.is_begun = true;
                let begin = &raw const __heap_base;
                let size = memory_size::<0>() * PAGE - begin as usize;
                // SAFETY: behind its data nothing of the module's lies.
                talc.source.end = unsafe { talc.claim(begin.cast_mut(), size) };
                return Ok(());
            }
            // With room for what the allocator keeps beside it.
            let pages = (layout.size() + layout.align() + PAGE).div_ceil(PAGE);
            let begin = memory_grow::<0>(pages);
            if begin == usize::MAX {
                return Err(());
            }
            let begin = (begin * PAGE) as *mut u8;
            let size = pages * PAGE;
            // SAFETY: the pages are new, and so are nobody else's.
            talc.source.end = unsafe {
                match talc.source.end {
                    Some(end) if end.as_ptr() == begin => Some(talc.extend(end, begin.add(size))),
                    _ => talc.claim(begin, size),
                }
            };
            Ok(())
        }
    }

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
