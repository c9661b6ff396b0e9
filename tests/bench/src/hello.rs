//! A server like `wasmtime serve`: each request gets a fresh instance of a
//! component that responds with hello.

use std::sync::Arc;

use axum::Router;
use axum::routing::any;
use tokio::net::TcpListener;
use wasmtime::Store;
use wasmtime::component::{Component, Linker};

use crate::bare::engine;

const HELLO: &str = r#"
(component
  (core module $module
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\0d\00\00\00Hello, world!")
    (func (export "hello") (result i32) (i32.const 0)))
  (core instance $instance (instantiate $module))
  (func (export "hello") (result string)
    (canon lift (core func $instance "hello") (memory $instance "memory"))))
"#;

/// Listens on a free port, prints the address, and serves.
pub fn serve() {
    let engine = engine();
    let component = Component::new(&engine, wat::parse_str(HELLO).unwrap()).unwrap();
    let pre = Arc::new(Linker::<()>::new(&engine).instantiate_pre(&component).unwrap());
    let hello = move || {
        let pre = Arc::clone(&pre);
        async move {
            let mut store = Store::new(pre.engine(), ());
            store.set_epoch_deadline(u64::MAX / 2);
            let instance = pre.instantiate(&mut store).unwrap();
            let hello = instance.get_typed_func::<(), (String,)>(&mut store, "hello").unwrap();
            hello.call(&mut store, ()).unwrap().0
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("listening on http://{}", listener.local_addr().unwrap());
        axum::serve(listener, Router::new().fallback(any(hello))).await.unwrap();
    });
}
