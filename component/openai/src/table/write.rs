//! Tables as bytes, written when the connector is compiled.
//!
//! The rows in `const` tables are wide, most of their members are empty, and
//! nobody needs them but whoever asks what the connector is. So they do not
//! get into the component, only these bytes do, and packed. [`super::read`]
//! reads them.

use super::{Choice, Choices, Condition, Limits, Literal, Property};
use crate::packed::Bytes;

/// In front of a row: what is set of these.
pub const REQUIRED: u32 = 1;
/// See [`REQUIRED`].
pub const ADVANCED: u32 = 2;
/// See [`REQUIRED`].
pub const SECRET: u32 = 4;
/// In front of choices: that there are any, in the widest sense.
pub const CHOICES: u32 = 1;
/// In front of choices: what is set of these.
pub const OPEN: u32 = 2;
/// See [`OPEN`].
pub const LIVE: u32 = 4;

/// Writes.
pub struct Writer {
    /// What is written.
    pub bytes: Bytes,
}

#[allow(clippy::indexing_slicing, reason = "a constant has nothing else")]
impl Writer {
    /// Nothing is written yet.
    #[expect(clippy::new_without_default, reason = "a constant has no use for it")]
    pub const fn new() -> Self {
        Self { bytes: Bytes::new() }
    }

    /// A number: seven bits a byte, the lowest first, all but the last byte
    /// marked.
    pub const fn number(&mut self, number: u32) {
        let mut rest = number;
        while 0x80 <= rest {
            self.bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }

    /// A text: its length and its bytes.
    pub const fn text(&mut self, text: &str) {
        self.number(text.len() as u32);
        let mut at = 0;
        while at < text.len() {
            self.bytes.push(text.as_bytes()[at]);
            at += 1;
        }
    }

    /// How many rows, and the rows.
    pub const fn rows(&mut self, rows: &[Property]) {
        self.number(rows.len() as u32);
        let mut at = 0;
        while at < rows.len() {
            self.row(&rows[at]);
            at += 1;
        }
    }

    /// A row, behind it those below it.
    pub const fn row(&mut self, row: &Property) {
        self.text(row.name);
        self.text(row.label);
        self.text(row.description);
        self.text(match row.placeholder {
            Some(text) => text,
            None => "",
        });
        self.number(row.kind as u32);
        self.number(row.control as u32);
        self.number(
            row.required as u32 * REQUIRED
                + row.advanced as u32 * ADVANCED
                + row.secret as u32 * SECRET,
        );
        self.text(match row.media_type {
            Some(media_type) => media_type,
            None => "",
        });
        self.literal(row.default);
        self.literal(row.provider_default);
        self.choices(row.choices);
        self.condition(row.condition);
        self.limits(row.limits);
        self.rows(row.children);
        self.rows(match row.values {
            Some(values) => core::slice::from_ref(values),
            None => &[],
        });
    }

    const fn literal(&mut self, literal: Option<&Literal>) {
        match literal {
            None => self.number(0),
            Some(Literal::Text(text)) => {
                self.number(1);
                self.text(text);
            }
            Some(Literal::Integer(number)) => {
                self.number(2);
                self.number(*number);
            }
            Some(Literal::Boolean(value)) => {
                self.number(3);
                self.number(*value as u32);
            }
        }
    }

    const fn choices(&mut self, choices: Option<&Choices>) {
        let Some(Choices { known, open, live }) = choices else { return self.number(0) };
        self.number(CHOICES + *open as u32 * OPEN + *live as u32 * LIVE);
        self.number(known.count() as u32);
        let mut at = 0;
        while at < known.count() {
            let Choice { label, value, description } = known.get(at);
            self.text(label);
            self.literal(Some(&value));
            self.text(description);
            at += 1;
        }
    }

    const fn condition(&mut self, condition: Option<&Condition>) {
        let Some(Condition { property, matches, values }) = condition else {
            return self.text("");
        };
        self.text(property);
        self.number(*matches as u32);
        self.number(values.len() as u32);
        let mut at = 0;
        while at < values.len() {
            self.literal(Some(&values[at]));
            at += 1;
        }
    }

    const fn limits(&mut self, limits: &Limits) {
        match *limits {
            Limits::None => self.number(0),
            Limits::Minimum(minimum) => {
                self.number(1);
                self.number(minimum.to_bits());
            }
            Limits::Range(minimum, maximum) => {
                self.number(2);
                self.number(minimum.to_bits());
                self.number(maximum.to_bits());
            }
            Limits::MaxLength(longest) => {
                self.number(3);
                self.number(longest);
            }
            Limits::MayBeEmpty => self.number(4),
            Limits::MinItems(fewest) => {
                self.number(5);
                self.number(fewest);
            }
            Limits::MaxItems(most) => {
                self.number(6);
                self.number(most);
            }
            Limits::Keys(pattern) => {
                self.number(7);
                self.text(pattern);
            }
            Limits::File(largest, extensions) => {
                self.number(8);
                self.number(largest);
                self.number(extensions.len() as u32);
                let mut at = 0;
                while at < extensions.len() {
                    self.text(extensions[at]);
                    at += 1;
                }
            }
        }
    }
}
