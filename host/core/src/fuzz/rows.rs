//! Rows as a connector returns them: plausible trees in a flat list, and ways to
//! corrupt them.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::values;
use crate::fixture::{no_limits, wit_row as row};
use crate::runtime::bindings::types as wit;

/// The names of members. There are few, to cause collisions.
pub(super) const NAMES: &[&str] = &["a", "b", "c", "d", "e"];

/// A row and the rows below it.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    row: wit::Property,
    children: Vec<Tree>,
    values: Option<Box<Tree>>,
}

/// What a connector returns: rows, and the positions of the top-level ones.
#[derive(Clone, Debug)]
pub(super) struct Flat {
    pub rows: Vec<wit::Property>,
    pub roots: Vec<u32>,
}

impl Flat {
    pub fn of(trees: &[Tree]) -> Self {
        let mut flat = Self { rows: Vec::new(), roots: Vec::new() };
        flat.roots = trees.iter().map(|tree| flat.add(tree)).collect();
        flat
    }

    fn add(&mut self, tree: &Tree) -> u32 {
        let at = self.rows.len();
        self.rows.push(tree.row.clone());
        let children = tree.children.iter().map(|child| self.add(child)).collect();
        let values = tree.values.as_ref().map(|values| self.add(values));
        let row = &mut self.rows[at];
        (row.children, row.values) = (children, values);
        at as u32
    }
}

/// Rows without children, with limits and choices that fit their types.
fn leaves() -> BoxedStrategy<wit::Property> {
    use wit::PropertyType as Type;
    let bounds = (-2..3_i32, 0..6_i32);
    let lengths = (option::of(0..3_u32), option::of(3..9_u32));
    let number = (select(&[Type::Integer, Type::Number][..]), option::of(bounds)).prop_map(
        |(type_, bounds)| {
            let mut row = row("", type_);
            row.control = wit::ControlType::Number;
            row.limits = bounds.map(|(low, width)| wit::Limits {
                minimum: Some(f64::from(low)),
                maximum: Some(f64::from(low + width)),
                ..no_limits()
            });
            row
        },
    );
    let text = lengths.prop_map(|(least, most)| {
        let mut row = row("", Type::String);
        row.limits = Some(wit::Limits { min_length: least, max_length: most, ..no_limits() });
        row
    });
    let other = select(
        &[Type::Boolean, Type::Date, Type::DateTime, Type::Time, Type::FileEntry, Type::Any][..],
    )
    .prop_map(|type_| row("", type_));
    // The choices of a number are 0, 1 and 2.
    let select_one = (
        select(&[Type::String, Type::Integer, Type::Any][..]),
        1..4_usize,
        any::<bool>(),
        option::of(Just(vec!["a".to_owned()])),
    )
        .prop_map(|(type_, count, open, dynamic)| {
            let mut row = row("", type_);
            row.control = wit::ControlType::Select;
            let values = ["x", "y", "z"];
            let known = (0..count).map(|at| wit::Choice {
                label: format!("Choice {at}"),
                value: match type_ {
                    Type::Integer => at.to_string(),
                    _ => json!(values[at]).to_string(),
                },
                description: None,
            });
            row.choices = Some(wit::Choices { known: known.collect(), open, dynamic });
            row
        });
    let plain = prop_oneof![number, text, other];
    prop_oneof![4 => plain, 2 => select_one].boxed()
}

/// Names, conditions and defaults of the members of one object.
fn members(tree: impl Strategy<Value = Tree> + Clone + 'static) -> BoxedStrategy<Vec<Tree>> {
    let flags = (any::<bool>(), 0..4_u8, any::<Index>(), 0..3_i32);
    vec((tree, flags), 0..NAMES.len())
        .prop_map(|trees| {
            let count = trees.len();
            let members = trees.into_iter().enumerate().map(|(at, (mut tree, flags))| {
                let (required, condition, referenced, value) = flags;
                tree.row.name = NAMES[at].to_owned();
                tree.row.label = format!("The {}", NAMES[at]);
                tree.row.required = required;
                // A condition only refers to a later member, to avoid cycles.
                if condition != 0 && at + 1 < count {
                    let other = at + 1 + referenced.index(count - at - 1);
                    tree.row.condition = Some(met(NAMES[other], condition, value));
                }
                tree
            });
            members.collect()
        })
        .boxed()
}

fn met(property: &str, kind: u8, value: i32) -> wit::Condition {
    let values = vec![value.to_string(), json!("x").to_string()];
    let (matches, values) = match kind {
        1 => (wit::Comparison::OneOf, values),
        2 => (wit::Comparison::NoneOf, values),
        _ if value == 0 => (wit::Comparison::Present, Vec::new()),
        _ => (wit::Comparison::Absent, Vec::new()),
    };
    wit::Condition { property: property.to_owned(), matches, values }
}

/// Plausible tables: the limits, choices and default of each row fit its type.
pub(super) fn plausible() -> impl Strategy<Value = Vec<Tree>> {
    let leaf = leaves().prop_map(|row| Tree { row, children: Vec::new(), values: None });
    let tree = leaf.prop_recursive(3, 16, 4, |tree| {
        let list = (tree.clone(), option::of(1..3_u32), option::of(3..5_u32));
        let list = list.prop_map(|(item, least, most)| {
            let mut list = row("", wit::PropertyType::Array);
            let items = wit::Limits { min_items: least, max_items: most, ..no_limits() };
            list.limits = Some(items);
            Tree { row: list, children: vec![item], values: None }
        });
        let object = members(tree.clone()).prop_map(|children| Tree {
            row: row("", wit::PropertyType::Object),
            children,
            values: None,
        });
        let map = tree.prop_map(|shape| Tree {
            row: row("", wit::PropertyType::Object),
            children: Vec::new(),
            values: Some(Box::new(shape)),
        });
        prop_oneof![list, object, map]
    });
    members(prop_oneof![several().boxed(), tree.boxed()].boxed())
}

/// A list with several choices.
fn several() -> impl Strategy<Value = Tree> {
    (1..4_usize, option::of(1..2_u32)).prop_map(|(count, least)| {
        let mut list = row("", wit::PropertyType::Array);
        list.control = wit::ControlType::MultiSelect;
        list.limits = least.map(|_| wit::Limits { min_items: least, ..no_limits() });
        let known = (0..count).map(|at| wit::Choice {
            label: String::new(),
            value: json!(["p", "q", "r"][at]).to_string(),
            description: None,
        });
        list.choices = Some(wit::Choices { known: known.collect(), open: false, dynamic: None });
        let item =
            Tree { row: row("", wit::PropertyType::String), children: Vec::new(), values: None };
        Tree { row: list, children: vec![item], values: None }
    })
}

/// An error in a row, accidental or malicious.
#[derive(Clone, Debug)]
pub(super) enum Mistake {
    Child(u32),
    Values(Option<u32>),
    Name(String),
    Type(wit::PropertyType),
    Control(wit::ControlType),
    Numbers(Option<f64>, Option<f64>),
    Lengths(Option<u32>, Option<u32>),
    Items(Option<u32>, Option<u32>),
    Pattern(String),
    Accept(String),
    Default(String),
    ProviderDefault(String),
    Choices(Vec<String>, bool),
    Condition(String, u8, Vec<String>),
    Texts(String),
    Secret,
    Required,
}

impl Mistake {
    pub fn to(&self, row: &mut wit::Property) {
        let choice = |value: &String| wit::Choice {
            label: value.clone(),
            value: value.clone(),
            description: Some(value.clone()),
        };
        // The row may not have had any limits.
        let mut limits = row.limits.clone().unwrap_or_else(no_limits);
        match self.clone() {
            Self::Child(at) => row.children.push(at),
            Self::Values(at) => row.values = at,
            Self::Name(name) => row.name = name,
            Self::Type(type_) => row.type_ = type_,
            Self::Control(control) => row.control = control,
            Self::Numbers(low, high) => (limits.minimum, limits.maximum) = (low, high),
            Self::Lengths(low, high) => (limits.min_length, limits.max_length) = (low, high),
            Self::Items(low, high) => (limits.min_items, limits.max_items) = (low, high),
            Self::Pattern(pattern) => limits.pattern = Some(pattern),
            Self::Accept(extension) => limits.accept.push(extension),
            Self::Default(json) => row.default = Some(json),
            Self::ProviderDefault(json) => row.provider_default = Some(json),
            Self::Choices(values, open) => {
                let known = values.iter().map(choice).collect();
                row.choices = Some(wit::Choices { known, open, dynamic: None });
            }
            Self::Condition(property, kind, values) => {
                let matches = match kind % 4 {
                    0 => wit::Comparison::OneOf,
                    1 => wit::Comparison::NoneOf,
                    2 => wit::Comparison::Present,
                    _ => wit::Comparison::Absent,
                };
                row.condition = Some(wit::Condition { property, matches, values });
            }
            Self::Texts(text) => {
                row.label.clone_from(&text);
                row.placeholder = Some(text.clone());
                row.description = text;
            }
            Self::Secret => row.secret = true,
            Self::Required => row.required = true,
        }
        row.limits = Some(limits);
    }
}

/// Valid and invalid names.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(NAMES).prop_map(str::to_owned),
        1 => select(&["", "1a", "a.b", "a b", "a[0]", "\u{1b}[31m", "\u{9b}", "__proto__"][..])
            .prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

/// Valid and invalid JSON.
fn json_texts() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => values::values().prop_map(|value: Value| value.to_string()),
        1 => select(&["{", "", "nan", "'a'", "[1,]", "\u{1b}", "1e999"][..]).prop_map(str::to_owned),
        1 => (100..200_usize).prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth)),
    ]
}

fn patterns() -> impl Strategy<Value = String> {
    let known = &[
        "(a+)+$",
        "(?:a|a)*b",
        "(?=a)",
        r"(a)\1",
        "a{100000}",
        "(a{1000}){1000}",
        "a)|(?:b",
        "(",
        "\u{1b}[",
        "(?x) a # ",
        "(?i)a",
        "[a-z]{2,4}",
        r"\d+",
        r"\p{L}*",
        "^a$",
        "",
        "{{",
        "a|",
        r"\",
        "[",
        "(?P<a>x)",
        "\n",
    ][..];
    prop_oneof![4 => select(known).prop_map(str::to_owned), 1 => any::<String>()]
}

/// Every kind of mistake.
pub(super) fn mistakes() -> impl Strategy<Value = Mistake> {
    use wit::{ControlType as Control, PropertyType as Type};
    let types = &[
        Type::String,
        Type::Integer,
        Type::Number,
        Type::Boolean,
        Type::Date,
        Type::DateTime,
        Type::Time,
        Type::Array,
        Type::Object,
        Type::FileEntry,
        Type::Any,
    ][..];
    let controls = &[
        Control::Text,
        Control::Select,
        Control::MultiSelect,
        Control::Password,
        Control::JsonSchemaBuilder,
        Control::ArrayBuilder,
        Control::ObjectBuilder,
    ][..];
    let float = || {
        prop_oneof![
            3 => Just(None),
            2 => any::<f64>().prop_map(Some),
            1 => select(&[f64::NAN, f64::INFINITY, -0.0, 0.5, 1e300, f64::MIN_POSITIVE][..]).prop_map(Some),
        ]
    };
    let size = || {
        prop_oneof![
            3 => Just(None),
            2 => (0..5_u32).prop_map(Some),
            1 => select(&[u32::MAX, 1_000_000, 65][..]).prop_map(Some),
        ]
    };
    let texts = || {
        prop_oneof![
            select(&["{{alert(1)}}", "|a|", "`", "\r\n# x", "<script>", "\u{1b}[2J", "\0"][..])
                .prop_map(str::to_owned),
            any::<String>(),
            (1_000..20_000_usize).prop_map(|length| "ä{{`|\n".repeat(length / 6)),
        ]
    };
    prop_oneof![
        (0..20_u32).prop_map(Mistake::Child),
        option::of(0..20_u32).prop_map(Mistake::Values),
        names().prop_map(Mistake::Name),
        select(types).prop_map(Mistake::Type),
        select(controls).prop_map(Mistake::Control),
        (float(), float()).prop_map(|(low, high)| Mistake::Numbers(low, high)),
        (size(), size()).prop_map(|(low, high)| Mistake::Lengths(low, high)),
        (size(), size()).prop_map(|(low, high)| Mistake::Items(low, high)),
        patterns().prop_map(Mistake::Pattern),
        texts().prop_map(Mistake::Accept),
        json_texts().prop_map(Mistake::Default),
        json_texts().prop_map(Mistake::ProviderDefault),
        (vec(json_texts(), 0..4), any::<bool>())
            .prop_map(|(all, open)| Mistake::Choices(all, open)),
        (names(), any::<u8>(), vec(json_texts(), 0..3))
            .prop_map(|(name, kind, values)| Mistake::Condition(name, kind, values)),
        texts().prop_map(Mistake::Texts),
        Just(Mistake::Secret),
        Just(Mistake::Required),
    ]
}
