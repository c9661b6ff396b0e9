//! The one wasmtime configuration, every knob with its reason.

use std::num::NonZeroUsize;
use std::thread;
use std::time::Duration;

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmFeatures,
};

use crate::budget::MAX_INSTANCES;
use crate::runtime::backtrace::MAX_FRAMES;

/// How often running guests look at their deadline and at cancellation.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Memory that a freed slot keeps mapped and clean instead of returning it to
/// the system: about what one run of a connector touches.
const KEEP_RESIDENT: usize = 256 * 1024;

/// What one component is made of: one core module with its memory, and the
/// two small modules by which wasm-tools adapts it, each with its table.
pub(crate) const CORE_INSTANCES: u32 = 4;
pub(crate) const MEMORIES: u32 = 1;
pub(crate) const TABLES: u32 = 4;

/// Proposals that no guest language asks for by default.
const NOT_NEEDED: WasmFeatures = WasmFeatures::MEMORY64
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::THREADS)
    .union(WasmFeatures::FUNCTION_REFERENCES)
    .union(WasmFeatures::GC)
    .union(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::STACK_SWITCHING)
    .union(WasmFeatures::WIDE_ARITHMETIC)
    .union(WasmFeatures::CUSTOM_PAGE_SIZES);

/// What the engine is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EngineOptions {
    /// Runs at the same time.
    pub concurrent_runs: u32,
    /// Bytes of linear memory that one instance may ever have.
    pub max_memory: usize,
    /// Bytes of stack for guest code. Less than the run thread's own stack.
    pub max_stack: usize,
}

/// Makes the engine and starts its clock.
pub(crate) fn engine(options: EngineOptions) -> wasmtime::Result<Engine> {
    // The pool reserves address space for every slot. Where that is scarce
    // (a `ulimit -v`, a small container), instances are made one by one.
    let one_by_one = config(options.max_stack);
    let mut pooling = one_by_one.clone();
    pooling.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(options)));
    let engine = Engine::new(&pooling).or_else(|_| Engine::new(&one_by_one))?;
    start_clock(&engine)?;
    Ok(engine)
}

/// What all guests have in common.
pub(crate) fn config(max_stack: usize) -> Config {
    let mut config = Config::new();
    // The guest's exports and the host's functions are synchronous: a run
    // waits on its thread. Concurrency support would make each call slower.
    config.concurrency_support(false);
    // Guests are stopped by a counter that they read at loop heads and calls.
    config.epoch_interruption(true);
    config.max_wasm_stack(max_stack);
    // A trap is reported with the names of functions; addresses would tell nobody
    // anything.
    config.wasm_backtrace_max_frames(NonZeroUsize::new(MAX_FRAMES));
    config.generate_address_map(false);
    // What no connector needs is off, so that an update of wasmtime cannot
    // bring it in.
    config.wasm_features(NOT_NEEDED, false);
    config
}

/// Slots that are made once and reset between runs, which costs a fraction of
/// mapping memory anew. A component that needs more of them than its share
/// is not loaded: it would take them from other runs.
fn pool(options: EngineOptions) -> PoolingAllocationConfig {
    // Each run has room for those that its functions start, and describing a
    // connector while all places are taken must not fail.
    let runs = options.concurrent_runs.saturating_mul(MAX_INSTANCES);
    let instances = runs.saturating_add(4);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_tables_per_component(TABLES)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .total_memories(instances.saturating_mul(MEMORIES))
        .total_tables(instances.saturating_mul(TABLES))
        .max_memory_size(options.max_memory)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT)
        // With Linux 6.7 the kernel says which pages were written, and only
        // those are reset.
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Advances the epoch until the engine is gone. The weak reference lets the
/// engine go: a host that is dropped leaves no thread behind.
pub(crate) fn start_clock(engine: &Engine) -> wasmtime::Result<()> {
    let engine = engine.weak();
    thread::Builder::new().name("connector-clock".to_owned()).spawn(move || {
        loop {
            thread::sleep(TICK);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    })?;
    Ok(())
}
