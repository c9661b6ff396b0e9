//! SECURITY.md: what it promises is tested.

use std::fs;
use std::path::Path;

use connector_tests::in_repository;

/// The tests' names in the table, each with the number of its attack.
fn promised(text: &str) -> Vec<(u32, String)> {
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let number = cells.first()?.parse().ok()?;
        let names = cells.last()?.split('`').skip(1).step_by(2).map(str::to_owned);
        Some(names.map(move |name| (number, name)).collect::<Vec<_>>())
    });
    rows.flatten().collect()
}

/// All Rust files of the project, by their paths.
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("node_modules") {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push((path.to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    for folder in ["tests", "host", "component"] {
        walk(&in_repository(folder), &mut found);
    }
    found
}

#[test]
fn every_promise_has_its_test() {
    let text = fs::read_to_string(in_repository("SECURITY.md")).unwrap();
    let promised = promised(&text);
    let mut numbers: Vec<u32> = promised.iter().map(|(number, _)| *number).collect();
    numbers.dedup();
    assert_eq!(numbers, (1..=75).collect::<Vec<_>>(), "each attack once, and in order");
    let sources = sources();
    for (number, name) in promised {
        let (module, function) = name.rsplit_once("::").unwrap();
        let module = format!("/{}", module.replace("::", "/"));
        let declared = format!("#[test]\nfn {function}()");
        let is_there = sources.iter().any(|(path, source)| {
            let path = path.replace("/src/", "/");
            let stem =
                path.trim_end_matches(".rs").trim_end_matches("/mod").trim_end_matches("/main");
            stem.ends_with(&module) && source.replace("\n    ", "\n").contains(&declared)
        });
        assert!(is_there, "attack {number}: there is no test `{name}`");
    }
}
