//! The reference page that the connector implements. Each of its tables is in
//! `connector docs openai`, with its rows in order and the same Name, Type and
//! Control Type cells. More rows and columns may follow: our output tables
//! also have names.

use std::collections::BTreeMap;
use std::fmt::Write;

use connector_tests::{command, in_repository, ran};

/// A row: its cells by column.
type Row = BTreeMap<String, String>;
/// A table: the heading path above it, and its rows.
type Table = (String, Vec<Row>);

/// The tables of a page, without their description cells: ours are different.
fn tables(markdown: &str) -> Vec<Table> {
    let mut headings: Vec<(usize, String)> = Vec::new();
    let mut tables: Vec<Table> = Vec::new();
    let mut columns: Vec<String> = Vec::new();
    for line in markdown.lines() {
        let level = line.chars().take_while(|c| *c == '#').count();
        if level > 0 {
            headings.retain(|(above, _)| *above < level);
            headings.push((level, line.trim_matches(['#', ' ']).to_owned()));
        }
        if !line.starts_with('|') {
            columns.clear();
            continue;
        }
        let cells: Vec<String> = cells(line);
        if columns.is_empty() {
            columns = cells;
            let path: Vec<&str> = headings.iter().map(|(_, text)| text.as_str()).collect();
            tables.push((path.join(" / "), Vec::new()));
        } else if !cells[0].starts_with(":-") {
            let (_, rows) = tables.last_mut().unwrap();
            let row = columns.iter().cloned().zip(cells);
            rows.push(row.filter(|(column, _)| column != "Description").collect());
        }
    }
    tables
}

/// The cells of a row; `\|` does not end one.
fn cells(line: &str) -> Vec<String> {
    let line = line.replace("\\|", "\u{1}");
    let inner = line.trim().trim_matches('|');
    inner.split('|').map(|cell| cell.trim().replace('\u{1}', "\\|")).collect()
}

#[test]
fn contains_every_table_of_the_reference_page() {
    let fixture =
        std::fs::read_to_string(in_repository("tests/fixtures/reference-page.md")).unwrap();
    let expected = tables(&fixture);
    assert_eq!(expected.len(), 7, "the fixture holds seven tables");
    let docs = ran(command(None).args(["docs", "openai"]));
    assert_eq!(docs.status, 0, "{docs:?}");
    let printed = tables(&docs.stdout);
    let mut printed = printed.iter();
    let mut differences = String::new();
    for (heading, rows) in &expected {
        // In order, because each action has an "Output" section.
        let Some((_, ours)) = printed.find(|(other, _)| other == heading) else {
            writeln!(differences, "no table under {heading}").unwrap();
            continue;
        };
        for (index, row) in rows.iter().enumerate() {
            let found = ours.get(index);
            let is_there = |(column, cell)| found.and_then(|found| found.get(column)) == Some(cell);
            if !row.iter().all(is_there) {
                writeln!(differences, "{heading}, row {index}: {row:?} became {found:?}").unwrap();
            }
        }
    }
    assert!(differences.is_empty(), "{differences}");
}
