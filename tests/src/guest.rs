//! Connectors for tests, written as WebAssembly text: the well-behaved one in
//! `tests/guests/good.wat`, and others that differ from it in one aspect.
//!
//! This needs no compiler for guests, and a guest can do what no compiler would
//! produce.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test code: a test that cannot continue should panic at once"
)]

use std::fmt::Write;
use std::fs;

use serde_json::{Value, json};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{PackageId, Resolve, SizeAlign, Type, TypeDefKind};

use crate::in_repository;

const GOOD: &str = include_str!("../guests/good.wat");

/// The address of the first value.
const VALUES: usize = 1024;

/// A connector that is assembled from text.
#[derive(Clone)]
pub struct Guest {
    items: Vec<String>,
    values: Vec<(String, String, Value)>,
    edits: Vec<(String, String)>,
}

impl Guest {
    /// The well-behaved connector `guest`. Its only action `act` accepts an
    /// optional file and returns `{"good": true}`.
    pub fn good() -> Self {
        let good = Self { items: Vec::new(), values: Vec::new(), edits: Vec::new() };
        good.with(GOOD)
            .value("component", "describe.component", component())
            .value("reached", "connection.test", json!({ "ok": "reached" }))
            .value("outcome", "actions.run", outcome(r#"{"good":true}"#))
            .value("choices", "actions.options", json!({ "ok": {} }))
            .value("schema", "actions.output-schema", json!({ "ok": "{}" }))
    }

    /// Replaces items of the same name and adds the others. Items are
    /// paragraphs of WebAssembly text.
    pub fn with(mut self, wat: &str) -> Self {
        for item in wat.split("\n\n") {
            let replaced =
                self.items.iter_mut().find(|old| has_name(old) && head(old) == head(item));
            match replaced {
                Some(old) => *old = item.to_owned(),
                None => self.items.push(item.to_owned()),
            }
        }
        self
    }

    /// Puts a value into the guest's memory, at the address in the global
    /// `$name`. `of` is a type of `wit/` (`http.request`), or a function whose
    /// result type is used (`actions.run`).
    ///
    /// In JSON, a variant is its name or `{"name": payload}`. Missing members
    /// are zero: false, empty, none, the first case.
    pub fn value(mut self, name: &str, of: &str, value: Value) -> Self {
        self.values.retain(|(other, ..)| other != name);
        self.values.push((name.to_owned(), of.to_owned(), value));
        self
    }

    /// The same guest with a different name.
    pub fn named(self, name: &str) -> Self {
        let mut component = component();
        component["name"] = json!(name);
        self.value("component", "describe.component", component)
    }

    /// Sets the output of the action.
    pub fn returns(self, output: &str) -> Self {
        self.value("outcome", "actions.run", outcome(output))
    }

    /// Edits the text of `wit/` that the guest is built for, and the names that
    /// the guest uses along with it.
    pub fn edit(mut self, from: &str, to: &str) -> Self {
        self.edits.push((from.to_owned(), to.to_owned()));
        self
    }

    /// The component.
    ///
    /// # Panics
    /// If the guest is not valid.
    pub fn build(&self) -> Vec<u8> {
        let (resolve, package) = self.contract();
        let world = resolve.select_world(&[package], Some("connector")).expect("the world");
        let mut module = wat::parse_str(self.module(&resolve, package)).expect("valid text");
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .expect("metadata");
        let mut encoder = ComponentEncoder::default();
        encoder.module(&module).expect("a module for the world");
        encoder.encode().expect("a component")
    }

    fn edited(&self, text: &str) -> String {
        let edit = |text: String, (from, to): &(String, String)| text.replace(from, to);
        self.edits.iter().fold(text.to_owned(), edit)
    }

    /// The files of `wit/` combined into one, and edited.
    fn contract(&self) -> (Resolve, PackageId) {
        let files = fs::read_dir(in_repository("wit")).expect("the WIT package");
        let mut texts: Vec<String> = files
            .map(|file| fs::read_to_string(file.expect("a file").path()).expect("a text"))
            .collect();
        texts.sort();
        let declaration = "package workflow:connector@0.1.0;";
        let mut contract = format!("{declaration}\n");
        for text in texts {
            // Drop the documentation of the package, which would have nothing
            // to document.
            let (_, text) = text.split_once(declaration).expect("a package declaration");
            contract.push_str(text);
        }
        let mut resolve = Resolve::default();
        let package = resolve.push_source("contract.wit", &self.edited(&contract));
        (resolve, package.expect("valid WIT"))
    }

    /// The text of the core module.
    fn module(&self, resolve: &Resolve, package: PackageId) -> String {
        let mut memory = Memory::new(resolve);
        let mut globals = String::new();
        for (name, of, value) in &self.values {
            let at = memory.place(&type_of(resolve, package, of), value);
            writeln!(globals, "(global ${name} i32 (i32.const {at}))")
                .expect("writing to a string cannot fail");
        }
        // The text format requires imports first.
        let (imports, others): (Vec<_>, Vec<_>) =
            self.items.iter().partition(|item| head(item).starts_with("(import"));
        let items: Vec<String> =
            imports.into_iter().chain(others).map(|item| self.edited(item)).collect();
        format!("(module\n{}\n{globals}{})", items.join("\n\n"), memory.segment())
    }
}

/// The descriptor of the well-behaved connector. Its connection has a token and
/// an optional base URL.
pub fn component() -> Value {
    json!({
        "name": "guest",
        "version": 1,
        "title": "Guest",
        "properties": [
            { "name": "token", "type": "string", "required": true, "secret": true },
            { "name": "baseUrl", "type": "string", "control": "url" },
            { "name": "file", "type": "file-entry", "control": "file-entry" },
            {
                "name": "functions", "label": "Functions", "type": "array",
                "control": "array-builder", "children": [4],
            },
            { "type": "string" },
        ],
        "connection": {
            "version": 1,
            "authorizations": [{
                "name": "token",
                "title": "Token",
                "properties": [0],
                "scheme": { "bearer": "token" },
            }],
            "properties": [1],
            "base-url": { "default": "http://127.0.0.1:9/v1", "property": "baseUrl" },
        },
        "actions": [{
            "name": "act",
            "title": "Act",
            "properties": [2, 3],
            "output": "dynamic",
        }],
    })
}

fn outcome(output: &str) -> Value {
    json!({ "ok": { "output": output, "metadata": "{}" } })
}

/// The kind of an item and its name: `(func $run`.
fn head(item: &str) -> String {
    let line = item.lines().find(|line| line.starts_with('(')).unwrap_or_default();
    let words: Vec<&str> = line.split_whitespace().take(2).collect();
    words.join(" ")
}

fn has_name(item: &str) -> bool {
    head(item).contains('$')
}

/// The type `interface.type`, or the result type of the function
/// `interface.function`.
fn type_of(resolve: &Resolve, package: PackageId, path: &str) -> Type {
    let (interface, name) = path.split_once('.').expect("interface.name");
    let interface = &resolve.interfaces[resolve.packages[package].interfaces[interface]];
    match interface.types.get(name) {
        Some(id) => Type::Id(*id),
        None => interface.functions[name].result.expect("a function with a result"),
    }
}

/// Lays out values according to the canonical ABI of the component model.
struct Memory<'a> {
    resolve: &'a Resolve,
    sizes: SizeAlign,
    bytes: Vec<u8>,
}

impl<'a> Memory<'a> {
    fn new(resolve: &'a Resolve) -> Self {
        let mut sizes = SizeAlign::default();
        sizes.fill(resolve);
        Self { resolve, sizes, bytes: Vec::new() }
    }

    /// Allocates memory for a value and stores it there.
    fn place(&mut self, kind: &Type, value: &Value) -> usize {
        let at = self.room(self.size(kind), self.sizes.align(kind).align_wasm32());
        self.store(at, kind, value);
        at
    }

    fn size(&self, kind: &Type) -> usize {
        self.sizes.size(kind).size_wasm32()
    }

    fn room(&mut self, size: usize, align: usize) -> usize {
        let at = (VALUES + self.bytes.len()).next_multiple_of(align);
        self.bytes.resize(at + size - VALUES, 0);
        at
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at - VALUES..][..bytes.len()].copy_from_slice(bytes);
    }

    fn put_word(&mut self, at: usize, word: usize) {
        let word = u32::try_from(word).expect("a word");
        self.put(at, &word.to_le_bytes());
    }

    fn store(&mut self, at: usize, kind: &Type, value: &Value) {
        if value.is_null() {
            return;
        }
        match kind {
            Type::Bool => self.put(at, &[u8::from(value.as_bool().expect("a boolean"))]),
            Type::String => {
                let text = value.as_str().expect("a string");
                let text_at = self.room(text.len(), 1);
                self.put(text_at, text.as_bytes());
                self.put_word(at, text_at);
                self.put_word(at + 4, text.len());
            }
            Type::F64 => self.put(at, &value.as_f64().expect("a number").to_le_bytes()),
            Type::U8 | Type::U16 | Type::U32 | Type::U64 => {
                let number = value.as_u64().expect("a whole number").to_le_bytes();
                let size = self.size(kind);
                self.put(at, &number[..size]);
            }
            Type::Id(id) => self.store_defined(at, &self.resolve.types[*id].kind, value),
            other => panic!("unsupported type: {other:?}"),
        }
    }

    fn store_defined(&mut self, at: usize, kind: &TypeDefKind, value: &Value) {
        match kind {
            TypeDefKind::Type(kind) => self.store(at, kind, value),
            TypeDefKind::Record(record) => {
                let known = |key| record.fields.iter().any(|field| &field.name == key);
                let given = value.as_object().expect("an object");
                assert!(given.keys().all(known), "unknown member in {value}");
                let kinds: Vec<Type> = record.fields.iter().map(|field| field.ty).collect();
                let values = record.fields.iter().map(|field| &value[field.name.as_str()]);
                self.store_fields(at, &kinds, values);
            }
            TypeDefKind::Tuple(tuple) => {
                self.store_fields(at, &tuple.types, value.as_array().expect("an array"));
            }
            TypeDefKind::List(item) => {
                let items = value.as_array().expect("an array");
                let size = self.size(item);
                let first = self.room(size * items.len(), self.sizes.align(item).align_wasm32());
                for (index, value) in items.iter().enumerate() {
                    self.store(first + size * index, item, value);
                }
                self.put_word(at, first);
                self.put_word(at + 4, items.len());
            }
            TypeDefKind::Option(some) => {
                let cases = [("none", None), ("some", Some(*some))];
                self.store_case(at, &cases, &json!({ "some": value }));
            }
            TypeDefKind::Result(result) => {
                self.store_case(at, &[("ok", result.ok), ("err", result.err)], value);
            }
            TypeDefKind::Variant(variant) => {
                let cases: Vec<_> =
                    variant.cases.iter().map(|case| (case.name.as_str(), case.ty)).collect();
                self.store_case(at, &cases, value);
            }
            TypeDefKind::Enum(all) => {
                let cases: Vec<_> =
                    all.cases.iter().map(|case| (case.name.as_str(), None)).collect();
                self.store_case(at, &cases, value);
            }
            other => panic!("unsupported type: {other:?}"),
        }
    }

    fn store_fields<'v>(
        &mut self,
        at: usize,
        kinds: &[Type],
        values: impl IntoIterator<Item = &'v Value>,
    ) {
        let offsets = self.sizes.field_offsets(kinds);
        let fields: Vec<(usize, Type)> =
            offsets.iter().map(|(offset, kind)| (offset.size_wasm32(), **kind)).collect();
        for ((offset, kind), value) in fields.into_iter().zip(values) {
            self.store(at + offset, &kind, value);
        }
    }

    /// A discriminant (no type of `wit/` has more than 256 cases), followed by
    /// the payload.
    fn store_case(&mut self, at: usize, cases: &[(&str, Option<Type>)], value: &Value) {
        let (name, payload) = match value {
            Value::String(name) => (name.as_str(), &Value::Null),
            Value::Object(one) => one.iter().next().map(|(k, v)| (k.as_str(), v)).expect("a case"),
            _ => panic!("{value} is not a case"),
        };
        let index = cases.iter().position(|(case, _)| *case == name).expect("a known case");
        self.put(at, &[u8::try_from(index).expect("few cases")]);
        if let Some(kind) = &cases[index].1 {
            let payloads = cases.iter().map(|(_, kind)| kind.as_ref());
            let offset = self.sizes.payload_offset(wit_parser::Int::U8, payloads).size_wasm32();
            self.store(at + offset, kind, payload);
        }
    }

    /// The data segment.
    fn segment(&self) -> String {
        let escaped: String = self.bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
        format!("(data (i32.const {VALUES}) \"{escaped}\")\n")
    }
}
