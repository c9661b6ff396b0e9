//! Rows of property tables as a tree, and the flat list that the contract
//! wants: WIT types do not recurse.

use serde_json::Value;

use crate::bindings::workflow::connector::types::{
    Choice, Choices, ControlType, Limits, Property, PropertyType,
};

/// A row and the rows below it.
pub struct Row {
    row: Property,
    below: Vec<Row>,
}

impl Row {
    /// A row that is optional and has no bounds.
    pub fn new(name: &str, type_: PropertyType, control: ControlType) -> Self {
        let row = Property {
            name: name.to_owned(),
            label: String::new(),
            description: String::new(),
            placeholder: None,
            type_,
            control,
            required: false,
            group: None,
            advanced: false,
            deprecated: false,
            secret: false,
            media_type: None,
            display: None,
            default: None,
            provider_default: None,
            choices: None,
            condition: None,
            limits: None,
            children: Vec::new(),
            values: None,
        };
        Self { row, below: Vec::new() }
    }

    /// One line of text.
    pub fn text(name: &str) -> Self {
        Self::new(name, PropertyType::String, ControlType::Text)
    }

    /// With what a form says beside the control.
    pub fn says(mut self, label: &str, description: &str) -> Self {
        self.row.label = label.to_owned();
        self.row.description = description.to_owned();
        self
    }

    /// With other fields of the record.
    pub fn with(mut self, change: impl FnOnce(&mut Property)) -> Self {
        change(&mut self.row);
        self
    }

    /// That must be given.
    pub fn required(self) -> Self {
        self.with(|row| row.required = true)
    }

    /// That a form folds away.
    pub fn advanced(self) -> Self {
        self.with(|row| row.advanced = true)
    }

    /// With bounds.
    pub fn within(self, bound: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits {
            minimum: None,
            maximum: None,
            min_length: None,
            max_length: None,
            min_items: None,
            max_items: None,
            pattern: None,
            max_bytes: None,
            accept: Vec::new(),
        };
        bound(&mut limits);
        self.with(|row| row.limits = Some(limits))
    }

    /// With the values that are taken, under their labels.
    pub fn one_of(self, known: &[(&str, &str)]) -> Self {
        self.with(|row| row.choices = Some(choices(known)))
    }

    /// With further values than these: those that are typed, and those of
    /// `actions.options`.
    pub fn or_other(self) -> Self {
        self.with(|row| {
            if let Some(choices) = &mut row.choices {
                choices.open = true;
                choices.dynamic = Some(Vec::new());
            }
        })
    }

    /// An array's items, or an object's members.
    pub fn of(mut self, below: impl IntoIterator<Item = Self>) -> Self {
        self.below.extend(below);
        self
    }
}

fn choices(known: &[(&str, &str)]) -> Choices {
    let choice = |(label, value): &(&str, &str)| Choice {
        label: (*label).to_owned(),
        value: Value::from(*value).to_string(),
        description: None,
    };
    Choices { known: known.iter().map(choice).collect(), open: false, dynamic: None }
}

/// The flat list of all tables.
#[derive(Default)]
pub struct Rows(Vec<Property>);

impl Rows {
    /// Adds a table. Gives the positions of its top rows.
    pub fn add(&mut self, table: impl IntoIterator<Item = Row>) -> Vec<u32> {
        table.into_iter().map(|row| self.add_one(row)).collect()
    }

    /// Adds a row, and behind it what is below it. Gives its position.
    pub fn add_one(&mut self, Row { row, below }: Row) -> u32 {
        let position = self.0.len();
        self.0.push(row);
        let children = self.add(below);
        if let Some(row) = self.0.get_mut(position) {
            row.children = children;
        }
        u32::try_from(position).unwrap_or(u32::MAX)
    }

    /// The list.
    pub fn all(self) -> Vec<Property> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stand_behind_their_parents() {
        let mut rows = Rows::default();
        let item = || Row::text("").of([Row::text("b"), Row::text("c")]);
        assert_eq!(rows.add([Row::text("a").of([item()]), Row::text("d")]), [0, 4]);
        let children: Vec<_> = rows.all().into_iter().map(|row| (row.name, row.children)).collect();
        let expected: [(&str, &[u32]); 5] =
            [("a", &[1]), ("", &[2, 3]), ("b", &[]), ("c", &[]), ("d", &[])];
        assert_eq!(children, expected.map(|(name, at)| (name.to_owned(), at.to_vec())));
    }

    #[test]
    fn choices_are_json() {
        let row = Row::text("a").one_of(&[("Say \"b\"", "\"b\"")]).row;
        assert_eq!(row.choices.unwrap().known[0].value, r#""\"b\"""#);
    }
}
