//! Warnings about connector descriptions that are valid but incomplete or probably
//! wrong.

use serde_json::Value;

use crate::contract::table::{Property, PropertyTable, PropertyType, printable, same};
use crate::contract::{Action, Definition, Descriptor};
use crate::input;
use crate::render;

impl Descriptor {
    /// Returns warnings, such as
    /// ``action `createTicket`: `category` has no description``. The connector
    /// still runs. `connector check` prints them.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Warnings(Vec::new());
        let of = "connector";
        warnings.add_if(self.version == 0, of, "the version is 0; versions start at 1");
        warnings.add_if(is_blank(&self.title), of, "no title");
        warnings.add_if(is_blank(&self.description), of, "no description");
        warnings.add_if(self.actions.is_empty(), of, "no actions");
        if let Some(icon) = &self.icon {
            let is_svg = icon.contains("<svg") && icon.trim_end().ends_with("</svg>");
            warnings.add_if(!is_svg, of, "the icon is not an SVG document");
            let is_active = icon.contains("<script") || icon.contains("href=\"http");
            warnings.add_if(is_active, of, "the icon contains a script or an external reference");
        }
        warnings.connection(&self.connection);
        for action in &self.actions {
            warnings.action(action);
        }
        warnings.0
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

struct Warnings(Vec<String>);

impl Warnings {
    fn add(&mut self, place: &str, warning: &str) {
        self.0.push(printable(&format!("{place}: {warning}")));
    }

    fn add_if(&mut self, applies: bool, place: &str, warning: &str) {
        if applies {
            self.add(place, warning);
        }
    }

    fn connection(&mut self, connection: &Definition) {
        let of = "connection";
        let url = connection.base_url.as_str();
        let is_local = ["http://127.", "http://localhost", "http://[::1]"];
        let is_plain = url.starts_with("http:") && !is_local.iter().any(|it| url.starts_with(it));
        self.add_if(is_plain, of, "the base URL uses HTTP, which is not encrypted");
        for authorization in &connection.authorizations {
            let place = format!("authorization `{}`", authorization.name);
            self.add_if(is_blank(&authorization.title), &place, "no title");
        }
        self.table(of, &connection.properties);
    }

    fn action(&mut self, action: &Action) {
        let of = format!("action `{}`", action.name);
        self.add_if(is_blank(&action.title), &of, "no title");
        self.add_if(is_blank(&action.description), &of, "no description");
        self.table(&of, &action.properties);
        for shape in action.output.shapes() {
            self.add_if(
                !shape.name.is_empty(),
                &of,
                &format!("the output is named `{}`, but outputs have no names", shape.name),
            );
        }
        for example in &action.examples {
            self.example(&of, &action.properties, &example.title, &example.input);
        }
    }

    /// Checks an example as an input, except for its files, which only exist on the
    /// user's disk.
    fn example(
        &mut self,
        of: &str,
        table: &PropertyTable,
        title: &str,
        input: &serde_json::Map<String, Value>,
    ) {
        let place = format!("{of}, example `{title}`");
        self.add_if(is_blank(title), of, "an example has no title");
        let failure = match input::prepare(table, Value::Object(input.clone()), of) {
            Ok(prepared) => {
                for warning in render::ignored(table, &prepared.hidden) {
                    self.add(&place, &warning);
                }
                return;
            }
            Err(failure) => failure,
        };
        let is_file = |path: &str| table.at_path(path).is_some_and(Property::holds_file);
        let mut wrong: Vec<_> =
            failure.violations.iter().map(|one| (one.property.as_str(), &one.message)).collect();
        if wrong.is_empty() {
            wrong.push((failure.property.as_deref().unwrap_or_default(), &failure.message));
        }
        for (_, message) in wrong.into_iter().filter(|(path, _)| !is_file(path)) {
            self.add(&place, message);
        }
    }

    fn table(&mut self, of: &str, table: &PropertyTable) {
        for row in table.iter() {
            for other in row.choices.iter().flat_map(|choices| &choices.dynamic).flatten() {
                let is_unknown = table.at_path(other).is_none();
                let warning = format!(
                    "the choices of `{}` depend on `{other}`, which is not a property",
                    row.name
                );
                self.add_if(is_unknown, of, &warning);
            }
        }
        self.rows(of, "", table.as_slice());
    }

    fn rows(&mut self, of: &str, path: &str, rows: &[Property]) {
        for row in rows {
            let path = match (path, row.name.as_str()) {
                ("", name) => name.to_owned(),
                (path, name) => format!("{path}.{name}"),
            };
            self.add_if(is_blank(&row.label), of, &format!("`{path}` has no label"));
            self.add_if(is_blank(&row.description), of, &format!("`{path}` has no description"));
            self.condition(of, &path, row, rows);
            self.defaults(of, &path, row);
            let (inner, path) = match row.kind {
                PropertyType::Array => {
                    (row.children.first().map_or(&[][..], |item| &item.children), path + "[]")
                }
                _ => (row.children.as_slice(), path),
            };
            self.rows(of, &path, inner);
        }
    }

    /// Warns about defaults in an object that may be left out. Forms fill them in, so
    /// they always send the object.
    fn defaults(&mut self, of: &str, path: &str, row: &Property) {
        if row.kind != PropertyType::Object || row.required || row.condition.is_some() {
            return;
        }
        for child in row.children.iter().filter(|child| child.default.is_some()) {
            let warning = format!(
                "`{path}` is optional, but forms always send it because `{path}.{}` has a default",
                child.name
            );
            self.add(of, &warning);
        }
    }

    /// Warns about a condition that compares with a value that cannot be chosen.
    fn condition(&mut self, of: &str, path: &str, row: &Property, rows: &[Property]) {
        let Some(condition) = &row.condition else { return };
        let other = rows.iter().find(|other| other.name == condition.property);
        let Some(choices) = other.and_then(|other| other.choices.as_ref()) else { return };
        if choices.open || choices.dynamic.is_some() {
            return;
        }
        for value in &condition.values {
            let is_choice = choices.known.iter().any(|choice| same(&choice.value, value));
            let warning = format!(
                "`{path}` depends on `{}` being {value}, which is not one of its choices",
                condition.property
            );
            self.add_if(!is_choice, of, &warning);
        }
    }
}
