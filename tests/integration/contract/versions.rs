//! Versions of the contract: which version a change of `wit/` requires, and how
//! a host runs components of two versions side by side.
//!
//! In the component model, a new function or interface is compatible. A new
//! field, case or parameter is a breaking change, because the types no longer
//! match.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use connector_tests::in_repository;
use wasmtime::component::{Component, ComponentType, Linker, Lower};
use wasmtime::{Engine, Store};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Handle, Resolve, Type, TypeDefKind, TypeOwner, WorldItem, WorldKey};

#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Change {
    Nothing,
    Addition,
    Break,
}

/// The parts of a package that others can depend on: every function, type and
/// export, with its definition.
fn items(resolve: &Resolve) -> BTreeMap<String, String> {
    let mut items = BTreeMap::new();
    for (_, interface) in &resolve.interfaces {
        let name = interface.name.as_deref().unwrap_or_default();
        for (of, id) in &interface.types {
            items.insert(format!("type {name}.{of}"), kind(resolve, &resolve.types[*id].kind));
        }
        for (of, function) in &interface.functions {
            let parameters = function.params.iter();
            let parameters: Vec<String> = parameters
                .map(|parameter| format!("{}: {}", parameter.name, shape(resolve, &parameter.ty)))
                .collect();
            let result = function.result.as_ref().map(|result| shape(resolve, result));
            items.insert(format!("func {name}.{of}"), format!("{parameters:?} -> {result:?}"));
        }
    }
    for (_, world) in &resolve.worlds {
        for (what, all) in [("import", &world.imports), ("export", &world.exports)] {
            for (key, item) in all {
                let name = match key {
                    WorldKey::Name(name) => name.clone(),
                    WorldKey::Interface(id) => {
                        resolve.interfaces[*id].name.clone().unwrap_or_default()
                    }
                };
                let of = matches!(item, WorldItem::Function(_)).then_some("function");
                items.insert(format!("{what} {name}"), of.unwrap_or_default().to_owned());
            }
        }
    }
    items
}

/// The name of a type, or its structure if it has no name.
fn shape(resolve: &Resolve, of: &Type) -> String {
    let Type::Id(id) = of else { return format!("{of:?}") };
    let definition = &resolve.types[*id];
    match (&definition.name, definition.owner) {
        (Some(name), TypeOwner::Interface(owner)) => {
            let owner = resolve.interfaces[owner].name.as_deref().unwrap_or_default();
            format!("{owner}.{name}")
        }
        _ => kind(resolve, &definition.kind),
    }
}

fn kind(resolve: &Resolve, of: &TypeDefKind) -> String {
    let shape = |of: &Type| shape(resolve, of);
    let optional = |of: &Option<Type>| of.as_ref().map(shape).unwrap_or_default();
    match of {
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            let fields: Vec<String> =
                fields.map(|field| format!("{}: {}", field.name, shape(&field.ty))).collect();
            format!("record {fields:?}")
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter();
            let cases: Vec<String> =
                cases.map(|case| format!("{}({})", case.name, optional(&case.ty))).collect();
            format!("variant {cases:?}")
        }
        TypeDefKind::Enum(of) => {
            format!("enum {:?}", of.cases.iter().map(|case| &case.name).collect::<Vec<_>>())
        }
        TypeDefKind::Flags(of) => {
            format!("flags {:?}", of.flags.iter().map(|flag| &flag.name).collect::<Vec<_>>())
        }
        TypeDefKind::Tuple(of) => {
            format!("tuple {:?}", of.types.iter().map(shape).collect::<Vec<_>>())
        }
        TypeDefKind::List(item) => format!("list<{}>", shape(item)),
        TypeDefKind::Option(some) => format!("option<{}>", shape(some)),
        TypeDefKind::Result(of) => format!("result<{}, {}>", optional(&of.ok), optional(&of.err)),
        TypeDefKind::Handle(Handle::Own(id)) => format!("own<{}>", shape(&Type::Id(*id))),
        TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", shape(&Type::Id(*id))),
        TypeDefKind::Type(of) => shape(of),
        TypeDefKind::Resource => "resource".to_owned(),
        other => panic!("unexpected kind of type: {other:?}"),
    }
}

fn change(old: &Resolve, new: &Resolve) -> Change {
    let (old, new) = (items(old), items(new));
    let is_kept = |(name, is): (&String, &String)| new.get(name) == Some(is);
    // A component built earlier lacks a new export.
    let is_requirement = |name: &&String| name.starts_with("export ") && !old.contains_key(*name);
    if !old.iter().all(is_kept) || new.keys().any(|name| is_requirement(&name)) {
        Change::Break
    } else if old == new {
        Change::Nothing
    } else {
        Change::Addition
    }
}

/// The lowest version that a change requires while the major version is 0.
fn needed(after: (u64, u64, u64), change: Change) -> (u64, u64, u64) {
    let (major, minor, patch) = after;
    match change {
        Change::Nothing => after,
        Change::Addition => (major, minor, patch + 1),
        Change::Break => (major, minor + 1, 0),
    }
}

fn parsed(text: &str) -> Resolve {
    let mut resolve = Resolve::default();
    resolve.push_source("sample.wit", text).unwrap();
    resolve
}

const SAMPLE: &str = "
    package test:sample@0.1.0;
    interface clock {
        record moment { seconds: u64 }
        enum zone { utc }
        now: func() -> moment;
        sleep: func(seconds: u64);
    }
    world guest { import clock; export run: func() -> u64; }";

#[test]
fn an_addition_is_a_patch_and_any_other_change_is_a_break() {
    for (from, to, expected) in [
        ("now: func", "/// The time.\n now: func", Change::Nothing),
        ("now: func", "later: func(); now: func", Change::Addition),
        ("world guest", "interface more { a: func(); } world guest", Change::Addition),
        ("import clock;", "import clock; import more: func();", Change::Addition),
        ("seconds: u64 }", "seconds: u64, nanoseconds: u32 }", Change::Break),
        ("seconds: u64 }", "seconds: u32 }", Change::Break),
        ("utc", "utc, local", Change::Break),
        ("sleep: func(seconds: u64)", "sleep: func(seconds: u64, zone: zone)", Change::Break),
        ("sleep: func(seconds: u64);", "", Change::Break),
        ("export run", "export stop: func(); export run", Change::Break),
    ] {
        let edited = SAMPLE.replace(from, to);
        assert_ne!(edited, SAMPLE, "{from}");
        assert_eq!(change(&parsed(SAMPLE), &parsed(&edited)), expected, "{to}");
    }
    assert_eq!(needed((0, 1, 3), Change::Nothing), (0, 1, 3));
    assert_eq!(needed((0, 1, 3), Change::Addition), (0, 1, 4));
    assert_eq!(needed((0, 1, 3), Change::Break), (0, 2, 0));
}

/// The package in a folder, and its version.
fn package(folder: &Path) -> (Resolve, (u64, u64, u64)) {
    let mut resolve = Resolve::default();
    let group = wit_parser::UnresolvedPackageGroup::parse_dir(folder).unwrap();
    let id = resolve.push_group(group).unwrap();
    let version = resolve.packages[id].name.version.clone().unwrap();
    (resolve, (version.major, version.minor, version.patch))
}

/// `scripts/freeze-wit.sh` creates the releases.
#[test]
fn wit_has_the_version_that_its_changes_require() {
    let (now, version) = package(&in_repository("wit"));
    let releases = fs::read_dir(in_repository("wit/releases")).into_iter().flatten();
    for release in releases.map(|release| release.unwrap().path()) {
        let (old, released) = package(&release);
        let name = release.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(name, format!("{}.{}.{}", released.0, released.1, released.2));
        if released <= version {
            let needed = needed(released, change(&old, &now));
            assert!(needed <= version, "wit/ is {version:?} and must be {needed:?} after {name}");
        }
    }
    assert!(change(&now, &now) == Change::Nothing && items(&now).len() > 50);
}

/// A component of one of the sample versions, whose `run` returns the seconds.
fn guest(wit: &str, import: &str, run: &str) -> Vec<u8> {
    let resolve = parsed(wit);
    let (package, of) = resolve.packages.iter().next().unwrap();
    let version = of.name.version.clone().unwrap();
    let world = resolve.select_world(&[package], Some("guest")).unwrap();
    let mut module = wat::parse_str(format!(
        "(module
           (import \"test:sample/clock@{version}\" \"now\" (func $now {import}))
           (memory (export \"memory\") 1)
           (func (export \"run\") (result i64) {run}))"
    ))
    .unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

fn old_guest() -> Vec<u8> {
    guest(SAMPLE, "(result i64)", "(call $now)")
}

/// A guest built after a field was added.
fn new_guest() -> Vec<u8> {
    let wit = SAMPLE.replace("0.1.0", "0.2.0").replace("u64 }", "u64, nanoseconds: u32 }");
    guest(&wit, "(param i32)", "(call $now (i32.const 0)) (i64.load (i32.const 0))")
}

#[derive(Clone, Copy, ComponentType, Lower)]
#[component(record)]
struct OldMoment {
    seconds: u64,
}

#[derive(Clone, Copy, ComponentType, Lower)]
#[component(record)]
struct Moment {
    seconds: u64,
    nanoseconds: u32,
}

/// A host of one version. It provides the newest patch of that track.
fn linker<T: Lower + ComponentType + Copy + Send + Sync + 'static>(
    engine: &Engine,
    version: &str,
    now: T,
) -> Linker<()> {
    let mut linker = Linker::new(engine);
    let mut clock = linker.instance(&format!("test:sample/clock@{version}")).unwrap();
    clock.func_wrap("now", move |_, (): ()| Ok((now,))).unwrap();
    clock.func_wrap("zone", |_, (): ()| Ok((0_u32,))).unwrap();
    linker
}

fn run(linker: &Linker<()>, wasm: &[u8]) -> wasmtime::Result<u64> {
    let engine = linker.engine();
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate(&mut store, &Component::new(engine, wasm)?)?;
    let run = instance.get_typed_func::<(), (u64,)>(&mut store, "run")?;
    Ok(run.call(&mut store, ())?.0)
}

#[test]
fn a_host_runs_two_versions_side_by_side() {
    let engine = Engine::default();
    // 0.1.1 has one more function than the component was built for.
    let old = linker(&engine, "0.1.1", OldMoment { seconds: 1 });
    let new = linker(&engine, "0.2.0", Moment { seconds: 2, nanoseconds: 0 });
    assert_eq!(run(&old, &old_guest()).unwrap(), 1);
    assert_eq!(run(&new, &new_guest()).unwrap(), 2);
    // Neither works with the other track.
    assert!(run(&new, &old_guest()).is_err());
    assert!(run(&old, &new_guest()).is_err());
}

#[test]
fn a_field_added_without_a_new_version_is_detected() {
    let engine = Engine::default();
    let wrong = linker(&engine, "0.1.1", Moment { seconds: 2, nanoseconds: 0 });
    let error = format!("{:#}", run(&wrong, &old_guest()).unwrap_err());
    assert!(error.contains("expected record of 2 fields, found 1"), "{error}");
}
