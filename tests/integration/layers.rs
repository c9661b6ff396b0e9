//! The library's modules form layers, and each uses only the layers below it
//! (ARCHITECTURE.md, "Code map"). The test reads their `use` lines.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use connector_tests::in_repository;

/// From the lowest to the highest.
const LAYERS: [&str; 16] = [
    "contract",
    "input",
    "render",
    "budget",
    "files",
    "egress",
    "runtime",
    "describe",
    "options",
    "network",
    "connection",
    "connector",
    "run",
    "queries",
    "host",
    "functions",
];

/// A `use` of another module of the library.
#[derive(Debug, Eq, PartialEq)]
struct Use {
    line: usize,
    /// The path from the library's root, such as `["egress", "Route"]`.
    path: Vec<String>,
}

/// The modules that a module uses outside its tests. `at` is the path of the
/// module, including its own name; for `mod.rs`, it is the path of the folder.
fn uses(text: &str, at: &[&str]) -> Vec<Use> {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut is_of_tests = false;
    for (index, line) in text.lines().enumerate() {
        let path = line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
        if let Some(path) = path.strip_prefix("use ").filter(|_| !is_of_tests) {
            let path = path.split([';', '{', ' ']).next().unwrap_or_default();
            let names = path.split("::").filter(|name| !name.is_empty()).map(str::to_owned);
            let mut names: Vec<String> = names.collect();
            let parents = names.iter().take_while(|name| *name == "super").count();
            if names.first().is_some_and(|name| name == "crate") {
                names.remove(0);
            } else if parents > 0 {
                let outer = at.iter().take(at.len() - parents).map(|name| (*name).to_owned());
                names.splice(..parents, outer);
            } else {
                names.clear();
            }
            if !names.is_empty() {
                found.push(Use { line: index + 1, path: names });
            }
        }
        is_of_tests = line.trim() == "#[cfg(test)]";
    }
    found
}

/// The library's source files except tests, with the path of each module.
fn modules() -> Vec<(String, Vec<String>, String)> {
    fn walk(folder: &Path, at: &[String], found: &mut Vec<(String, Vec<String>, String)>) {
        let mut entries: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for path in entries {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if ["fuzz", "fixture", "tests", "lib"].contains(&name.as_str()) {
                continue;
            }
            let inner: Vec<String> = at.iter().cloned().chain([name.clone()]).collect();
            if path.is_dir() {
                walk(&path, &inner, found);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                let module = if name == "mod" { at.to_vec() } else { inner };
                found.push((path.display().to_string(), module, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(&in_repository("host/core/src"), &[], &mut found);
    assert!(found.len() > 50, "found only {} modules", found.len());
    found
}

/// The uses in one module that violate the layering.
fn upward(file: &str, at: &[&str], text: &str) -> Vec<String> {
    let height = |name: &str| LAYERS.iter().position(|layer| *layer == name);
    let Some(own) = height(at[0]) else {
        return vec![format!("{file}: `{}` is not in any layer", at[0])];
    };
    let uses = uses(text, at).into_iter();
    uses.filter(|used| height(&used.path[0]).is_none_or(|other| other > own))
        .map(|Use { line, path }| {
            let (layer, other) = (at[0], path.join("::"));
            format!("{file}:{line}: `{layer}` uses `{other}`, but may use only what is below it")
        })
        .collect()
}

#[test]
fn each_layer_uses_only_what_is_below_it() {
    let mut wrong = Vec::new();
    for (file, module, text) in modules() {
        let module: Vec<&str> = module.iter().map(String::as_str).collect();
        wrong.extend(upward(&file, &module, &text));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn detects_a_use_of_a_higher_layer() {
    let text = "use std::fs;\n\nuse crate::contract::Failure;\nuse crate::run::Run;\n";
    let wrong = upward("a.rs", &["egress", "route"], text);
    assert_eq!(wrong, ["a.rs:4: `egress` uses `run::Run`, but may use only what is below it"]);
    let wrong = upward("b.rs", &["contract", "json"], "    use super::super::host::Host;\n");
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    let text = "#[cfg(test)]\nuse crate::run::Run;\nuse super::secret::Secret;\n";
    assert!(upward("c.rs", &["egress", "route"], text).is_empty());
}

/// Two files in a folder must not depend on each other, directly or indirectly.
#[test]
fn modules_have_no_cyclic_dependencies() {
    let modules = modules();
    let names: BTreeSet<&[String]> = modules.iter().map(|(_, name, _)| name.as_slice()).collect();
    let mut edges: BTreeMap<&[String], BTreeSet<&[String]>> = BTreeMap::new();
    for (_, module, text) in &modules {
        let at: Vec<&str> = module.iter().map(String::as_str).collect();
        for used in uses(text, &at) {
            // The longest prefix of the path that is a module.
            let target = (1..=used.path.len()).rev().find_map(|n| names.get(&used.path[..n]));
            let Some(target) = target else { continue };
            // A module and its submodules count as one.
            if !module.starts_with(target) && !target.starts_with(module) {
                edges.entry(module).or_default().insert(target);
            }
        }
    }
    for start in edges.keys() {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&[String]> = edges[start].iter().copied().collect();
        while let Some(module) = next.pop() {
            assert!(module != *start, "`{}` depends on itself indirectly", start.join("::"));
            if seen.insert(module) {
                next.extend(edges.get(module).into_iter().flatten().copied());
            }
        }
    }
}
