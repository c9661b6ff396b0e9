//! Tables from bytes, laid flat for the contract, whose types cannot recurse.

use alloc::string::String;
use alloc::vec::Vec;

use super::write::{ADVANCED, CHOICES, LIVE, OPEN, REQUIRED, SECRET};
use super::{Comparison, ControlType, PropertyType};
use crate::bindings::workflow::connector::types;
use crate::json::Json;

/// In the order of their numbers.
const KINDS: &[PropertyType] = &[
    PropertyType::String,
    PropertyType::Integer,
    PropertyType::Number,
    PropertyType::Boolean,
    PropertyType::Date,
    PropertyType::DateTime,
    PropertyType::Time,
    PropertyType::Array,
    PropertyType::Object,
    PropertyType::FileEntry,
    PropertyType::Any,
];

/// In the order of their numbers.
const CONTROLS: &[ControlType] = &[
    ControlType::Text,
    ControlType::TextArea,
    ControlType::RichText,
    ControlType::CodeEditor,
    ControlType::JsonSchemaBuilder,
    ControlType::Email,
    ControlType::Phone,
    ControlType::Url,
    ControlType::Password,
    ControlType::Date,
    ControlType::DateTime,
    ControlType::Time,
    ControlType::Integer,
    ControlType::Number,
    ControlType::Select,
    ControlType::MultiSelect,
    ControlType::ArrayBuilder,
    ControlType::ObjectBuilder,
    ControlType::FileEntry,
    ControlType::None,
];

/// In the order of their numbers.
const COMPARISONS: &[Comparison] =
    &[Comparison::OneOf, Comparison::NoneOf, Comparison::Present, Comparison::Absent];

/// Reads what [`super::write::Writer`] wrote, in the same order. Of anything
/// else it makes nonsense, but comes to an end.
pub struct Reader<'a> {
    rest: &'a [u8],
    /// The rows that were read: each before those below it, in the order of
    /// its tree.
    pub rows: Vec<types::Property>,
}

impl<'a> Reader<'a> {
    /// Nothing is read yet.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, rows: Vec::new() }
    }

    fn number(&mut self) -> u32 {
        let (mut number, mut digits) = (0, 0);
        while let Some((byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            number |= u32::from(byte & 0x7f) << digits;
            digits += 7;
            if *byte < 0x80 {
                break;
            }
        }
        number
    }

    /// A text.
    pub fn text(&mut self) -> String {
        let length = self.number() as usize;
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else { return String::new() };
        self.rest = rest;
        String::from_utf8(bytes.into()).unwrap_or_default()
    }

    /// A text that is there if it is not empty.
    fn some_text(&mut self) -> Option<String> {
        Some(self.text()).filter(|text| !text.is_empty())
    }

    /// Reads rows and returns their positions.
    pub fn rows(&mut self) -> Vec<u32> {
        (0..self.number()).map(|_| self.row()).collect()
    }

    /// Reads a row and those below it, and returns its position.
    pub fn row(&mut self) -> u32 {
        let position = self.rows.len();
        let row = self.single();
        self.rows.push(row);
        let children = self.rows();
        let values = self.rows();
        if let Some(row) = self.rows.get_mut(position) {
            row.children = children;
            row.values = values.first().copied();
        }
        position as u32
    }

    /// A row by itself, not yet tied to those below it.
    fn single(&mut self) -> types::Property {
        let (name, label, description) = (self.text(), self.text(), self.text());
        let placeholder = self.some_text();
        let kind = KINDS.get(self.number() as usize);
        let control = CONTROLS.get(self.number() as usize);
        let flags = self.number();
        types::Property {
            name,
            label,
            description,
            placeholder,
            type_: kind.copied().unwrap_or(PropertyType::Any),
            control: control.copied().unwrap_or(ControlType::None),
            required: flags & REQUIRED != 0,
            group: None,
            advanced: flags & ADVANCED != 0,
            deprecated: false,
            secret: flags & SECRET != 0,
            media_type: self.some_text(),
            display: None,
            default: self.literal(),
            provider_default: self.literal(),
            choices: self.choices(),
            condition: self.condition(),
            limits: Some(self.limits()),
            children: Vec::new(),
            values: None,
        }
    }

    /// A value as JSON text.
    fn literal(&mut self) -> Option<String> {
        Some(match self.number() {
            0 => return None,
            1 => Json::of(self.text().as_str()).text(),
            2 => Json::of(u64::from(self.number())).text(),
            _ => Json::of(self.number() != 0).text(),
        })
    }

    fn choices(&mut self) -> Option<types::Choices> {
        let flags = self.number();
        if flags & CHOICES == 0 {
            return None;
        }
        let mut known = Vec::new();
        for _ in 0..self.number() {
            known.push(types::Choice {
                label: self.text(),
                value: self.literal()?,
                description: self.some_text(),
            });
        }
        let dynamic = (flags & LIVE != 0).then(Vec::new);
        Some(types::Choices { known, open: flags & OPEN != 0, dynamic })
    }

    fn condition(&mut self) -> Option<types::Condition> {
        let property = self.some_text()?;
        let matches = COMPARISONS.get(self.number() as usize).copied()?;
        let mut values = Vec::new();
        for _ in 0..self.number() {
            values.push(self.literal()?);
        }
        Some(types::Condition { property, matches, values })
    }

    fn limits(&mut self) -> types::Limits {
        let mut limits = types::Limits {
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
        match self.number() {
            0 => {}
            1 => limits.minimum = Some(self.bound()),
            2 => {
                limits.minimum = Some(self.bound());
                limits.maximum = Some(self.bound());
            }
            3 => limits.max_length = Some(self.number()),
            4 => limits.min_length = Some(0),
            5 => limits.min_items = Some(self.number()),
            6 => limits.max_items = Some(self.number()),
            7 => limits.pattern = Some(self.text()),
            _ => {
                limits.max_bytes = Some(self.number().into());
                for _ in 0..self.number() {
                    limits.accept.push(self.text());
                }
            }
        }
        limits
    }

    fn bound(&mut self) -> f64 {
        f32::from_bits(self.number()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_stands_at_its_number() {
        for (number, kind) in KINDS.iter().enumerate() {
            assert_eq!(*kind as usize, number);
        }
        for (number, control) in CONTROLS.iter().enumerate() {
            assert_eq!(*control as usize, number);
        }
        for (number, comparison) in COMPARISONS.iter().enumerate() {
            assert_eq!(*comparison as usize, number);
        }
        assert_eq!(KINDS.last(), Some(&PropertyType::Any));
        assert_eq!(CONTROLS.last(), Some(&ControlType::None));
        assert_eq!(COMPARISONS.last(), Some(&Comparison::Absent));
    }
}
