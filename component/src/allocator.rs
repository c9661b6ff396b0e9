//! The allocator of the component: smaller than the standard library's, and
//! quicker for a guest that lives for one call.

#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
