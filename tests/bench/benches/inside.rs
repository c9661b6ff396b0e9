//! Costs inside one process: isolation, loading, rendering.
#![allow(missing_docs, clippy::unwrap_used, reason = "benchmark code")]

use std::hint::black_box;
use std::time::Duration;

use connector_bench::bare::{self, Bare, engine};
use connector_host::{Host, HostOptions, render};
use connector_tests::{component, openai, target_dir};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use wasmtime::component::Component;

fn sandbox(criterion: &mut Criterion) {
    let bare = Bare::new(&std::fs::read(component()).unwrap());
    let mut group = criterion.benchmark_group("sandbox");
    group.bench_function("instantiate", |bencher| {
        bencher.iter(|| bare.instantiate());
    });
    for messages in [1, 4, 16] {
        let input = bare::input(messages);
        group.bench_function(BenchmarkId::new("ask", messages), |bencher| {
            bencher.iter(|| bare.ask(black_box(&input)));
        });
    }
}

fn load(criterion: &mut Criterion) {
    let wasm = std::fs::read(component()).unwrap();
    let mut group = criterion.benchmark_group("load");
    group.bench_function("precompiled", |bencher| {
        let cache_dir = Some(target_dir().join("test-cache"));
        let host = Host::new(HostOptions { cache_dir, ..HostOptions::default() }).unwrap();
        host.load(&wasm).unwrap();
        bencher.iter_with_large_drop(|| host.load(black_box(&wasm)).unwrap());
    });
    let engine = engine();
    group.sample_size(10).measurement_time(Duration::from_secs(10));
    group.bench_function("compile", |bencher| {
        bencher.iter_with_large_drop(|| Component::from_binary(&engine, &wasm).unwrap());
    });
}

fn forms(criterion: &mut Criterion) {
    let openai = openai();
    let ask = openai.descriptor().action("ask").unwrap();
    criterion.bench_function("forms/schema", |bencher| {
        let render = || render::schema(&ask.title, &ask.description, black_box(&ask.properties));
        bencher.iter_with_large_drop(render);
    });
}

criterion_group!(benches, sandbox, load, forms);
criterion_main!(benches);
