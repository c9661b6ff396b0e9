//! Property tables as data.
//!
//! An action or a connection declares its properties as one `const` slice of
//! [`Property`]: a tree, written the way people read it. It stays behind when
//! the connector is compiled: what gets into the component is what [`write`]
//! makes of it and [`read`] lays flat for the contract.

pub mod read;
pub mod write;

pub use crate::bindings::workflow::connector::types::{Comparison, ControlType, PropertyType};

/// One row: a property, the shape of an array's items, or the shape of a
/// map's values.
#[derive(Clone, Copy)]
pub struct Property {
    /// The key in the JSON object; empty for items and values.
    pub name: &'static str,
    /// What a form shows beside the control.
    pub label: &'static str,
    /// One or more sentences, plain text.
    pub description: &'static str,
    /// Text shown in the empty control.
    pub placeholder: Option<&'static str>,
    /// The kind of value.
    pub kind: PropertyType,
    /// The control.
    pub control: ControlType,
    /// Whether a value must be given.
    pub required: bool,
    /// Whether a form folds the property away at first.
    pub advanced: bool,
    /// Whether the value is a credential.
    pub secret: bool,
    /// The media type of the document that a string holds.
    pub media_type: Option<&'static str>,
    /// The value that holds when none is given.
    pub default: Option<&'static Literal>,
    /// What the provider takes when none is given.
    pub provider_default: Option<&'static Literal>,
    /// The values that are offered.
    pub choices: Option<&'static Choices>,
    /// When the property counts.
    pub condition: Option<&'static Condition>,
    /// The bounds.
    pub limits: &'static Limits,
    /// The members of an object, or the one shape of an array's items.
    pub children: &'static [Property],
    /// The shape of a map's values.
    pub values: Option<&'static Property>,
    /// Whether a parameter of the request carries the value as it was given.
    /// If not, the action makes something of it.
    pub sent: bool,
}

/// A JSON value that a `const` can hold.
#[derive(Clone, Copy)]
pub enum Literal {
    /// A string.
    Text(&'static str),
    /// A whole number.
    Integer(u32),
    /// `true` or `false`.
    Boolean(bool),
}

/// The values that a property offers.
#[derive(Clone, Copy)]
pub struct Choices {
    /// The values known beforehand, in the order a form shows them.
    pub known: Known,
    /// Whether other values are allowed too.
    pub open: bool,
    /// Whether `actions.options` has a current list, which depends on no
    /// other property.
    pub live: bool,
}

/// Values known beforehand. Most lists need no more than texts, and there are
/// many: each kind holds what its lists need.
#[derive(Clone, Copy)]
pub enum Known {
    /// Texts that are their own labels.
    Texts(&'static [&'static str]),
    /// Texts that are their own labels, each with a sentence about it, which
    /// may be empty.
    Described(&'static [(&'static str, &'static str)]),
    /// Labels with their texts.
    Labelled(&'static [(&'static str, &'static str)]),
    /// Values of any kind.
    Choices(&'static [Choice]),
}

/// One value that a property offers.
#[derive(Clone, Copy)]
pub struct Choice {
    /// What a form shows.
    pub label: &'static str,
    /// The value.
    pub value: Literal,
    /// A sentence about it, if the label does not say enough. May be empty.
    pub description: &'static str,
}

/// When a property is shown, sent and checked.
#[derive(Clone, Copy)]
pub struct Condition {
    /// Another property of the same object.
    pub property: &'static str,
    /// The comparison.
    pub matches: Comparison,
    /// What is compared with.
    pub values: &'static [Literal],
}

/// Bounds of a value, each inclusive.
#[derive(Clone, Copy)]
pub enum Limits {
    /// No bounds.
    None,
    /// The smallest number.
    Minimum(f32),
    /// The smallest and the largest number.
    Range(f32, f32),
    /// The longest text, in Unicode scalar values.
    MaxLength(u32),
    /// A text that must be given and may be empty.
    MayBeEmpty,
    /// The fewest items or members.
    MinItems(u32),
    /// The most items or members.
    MaxItems(u32),
    /// The pattern that each key of a map must match.
    Keys(&'static str),
    /// The largest file, in bytes, and the file name extensions that are
    /// taken, any if there are none.
    File(u32, &'static [&'static str]),
}

impl Property {
    /// A string in one line of text.
    pub const fn string(
        name: &'static str,
        label: &'static str,
        description: &'static str,
    ) -> Self {
        Self::new(PropertyType::String, ControlType::Text, name, label, description)
    }

    /// A whole number.
    pub const fn integer(
        name: &'static str,
        label: &'static str,
        description: &'static str,
    ) -> Self {
        Self::new(PropertyType::Integer, ControlType::Integer, name, label, description)
    }

    /// A number.
    pub const fn number(
        name: &'static str,
        label: &'static str,
        description: &'static str,
    ) -> Self {
        Self::new(PropertyType::Number, ControlType::Number, name, label, description)
    }

    /// Yes or no.
    pub const fn boolean(
        name: &'static str,
        label: &'static str,
        description: &'static str,
    ) -> Self {
        Self::new(PropertyType::Boolean, ControlType::Select, name, label, description)
    }

    /// A list; `items` holds the one shape of its items.
    pub const fn array(
        name: &'static str,
        label: &'static str,
        description: &'static str,
        items: &'static [Property],
    ) -> Self {
        let row =
            Self::new(PropertyType::Array, ControlType::ArrayBuilder, name, label, description);
        Self { children: items, ..row }
    }

    /// An object with these members.
    pub const fn object(
        name: &'static str,
        label: &'static str,
        description: &'static str,
        members: &'static [Property],
    ) -> Self {
        let row =
            Self::new(PropertyType::Object, ControlType::ObjectBuilder, name, label, description);
        Self { children: members, ..row }
    }

    /// An object with keys of the user's choosing.
    pub const fn map(
        name: &'static str,
        label: &'static str,
        description: &'static str,
        values: &'static Property,
    ) -> Self {
        Self { values: Some(values), ..Self::object(name, label, description, &[]) }
    }

    /// A file.
    pub const fn file(name: &'static str, label: &'static str, description: &'static str) -> Self {
        Self::new(PropertyType::FileEntry, ControlType::FileEntry, name, label, description)
    }

    /// One of the choices, which may be JSON of any type.
    pub const fn any(
        name: &'static str,
        label: &'static str,
        description: &'static str,
        choices: &'static Choices,
    ) -> Self {
        let row = Self::new(PropertyType::Any, ControlType::Select, name, label, description);
        row.select(choices)
    }

    /// The same property, chosen from a list.
    pub const fn select(self, choices: &'static Choices) -> Self {
        Self { control: ControlType::Select, choices: Some(choices), ..self }
    }

    const fn new(
        kind: PropertyType,
        control: ControlType,
        name: &'static str,
        label: &'static str,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            label,
            description,
            placeholder: None,
            kind,
            control,
            required: false,
            advanced: false,
            secret: false,
            media_type: None,
            default: None,
            provider_default: None,
            choices: None,
            condition: None,
            limits: &Limits::None,
            children: &[],
            values: None,
            sent: false,
        }
    }
}

impl Choices {
    /// No other value is allowed.
    pub const fn closed(known: Known) -> Self {
        Self { known, open: false, live: false }
    }

    /// Other values are allowed too.
    pub const fn open(known: Known) -> Self {
        Self { known, open: true, live: false }
    }

    /// Other values are allowed too, and the provider has a list of them.
    pub const fn live(known: Known) -> Self {
        Self { known, open: true, live: true }
    }
}

#[allow(clippy::indexing_slicing, reason = "a constant has nothing else")]
impl Known {
    /// How many values there are.
    pub const fn count(self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Described(texts) | Self::Labelled(texts) => texts.len(),
            Self::Choices(choices) => choices.len(),
        }
    }

    /// The value at a position.
    pub const fn get(self, position: usize) -> Choice {
        match self {
            Self::Texts(texts) => Choice::text(texts[position]),
            Self::Described(texts) => {
                let (text, description) = texts[position];
                Choice::text(text).described(description)
            }
            Self::Labelled(texts) => {
                let (label, text) = texts[position];
                Choice::labelled(label, Literal::Text(text))
            }
            Self::Choices(choices) => choices[position],
        }
    }
}

impl Choice {
    /// A text that is its own label.
    pub const fn text(value: &'static str) -> Self {
        Self::labelled(value, Literal::Text(value))
    }

    /// A value with a label.
    pub const fn labelled(label: &'static str, value: Literal) -> Self {
        Self { label, value, description: "" }
    }

    /// The same choice with a sentence about it.
    pub const fn described(self, description: &'static str) -> Self {
        Self { description, ..self }
    }
}

/// How many properties of a table are sent as they were given.
pub const fn count_sent(table: &[Property]) -> usize {
    let (mut count, mut rest) = (0, table);
    while let [row, behind @ ..] = rest {
        count += row.sent as usize;
        rest = behind;
    }
    count
}

/// The names of the `N` properties of a table that are sent as they were given.
#[allow(clippy::indexing_slicing, reason = "a constant has nothing else")]
pub const fn sent<const N: usize>(table: &[Property]) -> [&'static str; N] {
    let mut names = [""; N];
    let (mut count, mut rest) = (0, table);
    while let [row, behind @ ..] = rest {
        if row.sent {
            names[count] = row.name;
            count += 1;
        }
        rest = behind;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::read::Reader;
    use super::write::Writer;
    use super::*;
    use crate::bindings::workflow::connector::types;
    use crate::packed::unpacked;

    const ITEM: Property = Property::object(
        "",
        "",
        "",
        &[
            Property { required: true, ..Property::string("content", "Content", "What is said.") },
            Property::number("weight", "Weight", ""),
        ],
    );
    const BIAS: Property = Property::number("", "", "");
    const TABLE: &[Property] = &[
        Property::array("messages", "Messages", "", &[ITEM]),
        Property::map("logitBias", "Logit Bias", "", &BIAS),
        Property {
            default: Some(&Literal::Integer(0)),
            ..Property::integer("format", "Format", "").select(&Choices::closed(Known::Choices(&[
                Choice::labelled("Text", Literal::Integer(0)),
                Choice::labelled("Object", Literal::Integer(1)).described("A JSON object."),
            ])))
        },
        Property {
            condition: Some(&Condition {
                property: "format",
                matches: Comparison::NoneOf,
                values: &[Literal::Integer(0)],
            }),
            ..Property::string("schema", "Schema", "")
        },
    ];

    /// The rows of the table, and the positions of its roots.
    fn laid() -> (Vec<types::Property>, Vec<u32>) {
        let mut writer = Writer::new();
        writer.rows(TABLE);
        let bytes = writer.bytes.packed();
        let bytes: [u8; 1000] = bytes.array();
        let bytes = unpacked(&bytes, writer.bytes.length());
        let mut reader = Reader::new(&bytes);
        let roots = reader.rows();
        (reader.rows, roots)
    }

    #[test]
    fn rows_stand_before_their_descendants() {
        let (rows, roots) = laid();
        let names: Vec<_> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(
            names,
            ["messages", "", "content", "weight", "logitBias", "", "format", "schema"]
        );
        assert_eq!(roots, [0, 4, 6, 7]);
        assert_eq!(rows[0].children, [1]);
        assert_eq!(rows[1].children, [2, 3]);
        assert_eq!(rows[4].values, Some(5));
        assert!(rows[4].children.is_empty());
    }

    #[test]
    fn every_row_but_a_root_has_exactly_one_parent() {
        let (rows, roots) = laid();
        let mut parents = vec![0; rows.len()];
        for (position, row) in rows.iter().enumerate() {
            for child in row.children.iter().chain(&row.values) {
                assert!(position < *child as usize);
                parents[*child as usize] += 1;
            }
        }
        for (position, parents) in parents.into_iter().enumerate() {
            assert_eq!(parents, i32::from(!roots.contains(&(position as u32))));
        }
    }

    #[test]
    fn values_are_json_text() {
        let (rows, _) = laid();
        let format = &rows[6];
        assert_eq!(format.default.as_deref(), Some("0"));
        let choices = format.choices.as_ref().unwrap();
        assert_eq!(choices.known[1].value, "1");
        assert_eq!(choices.known[1].description.as_deref(), Some("A JSON object."));
        let condition = rows[7].condition.as_ref().unwrap();
        assert_eq!(condition.values, ["0"]);
    }

    #[test]
    fn what_is_sent_is_known_by_name() {
        const SENT: Property = Property { sent: true, ..BIAS };
        const ROWS: &[Property] =
            &[Property { name: "a", ..SENT }, BIAS, Property { name: "b", ..SENT }];
        assert_eq!(sent::<{ count_sent(ROWS) }>(ROWS), ["a", "b"]);
    }
}
