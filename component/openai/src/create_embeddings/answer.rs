//! The response: a vector for each text.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use connector_sdk::http::Response;
use connector_sdk::{Failure, Result};
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde_json::Value;

use crate::lenient::lenient;

/// The vectors of one request, in the order of its texts.
#[derive(Debug)]
pub struct Answer {
    pub vectors: Vec<Vec<f32>>,
    /// The token counts.
    pub usage: Value,
}

#[derive(Deserialize)]
struct Body {
    data: Vec<Item>,
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default, deserialize_with = "lenient")]
    index: Option<u64>,
    embedding: Vector,
}

/// A vector, sent as numbers or as base64.
struct Vector(Vec<f32>);

impl Answer {
    /// Reads the response to a request with this many texts.
    pub fn read(response: &Response, count: usize) -> Result<Self> {
        let body = response.json()?;
        Self::of(body, count).map_err(|failure| failure.answered_by(response))
    }

    /// Reads a response in the results of a batch.
    pub fn in_batch(response: Value, count: usize) -> Result<Self> {
        Self::of(serde_json::from_value(response)?, count)
    }

    fn of(body: Body, count: usize) -> Result<Self> {
        let Body { mut data, usage } = body;
        // Vectors with the same index, or without one, keep their order.
        data.sort_by_key(|item| item.index);
        let vectors: Vec<_> = data.into_iter().map(|item| item.embedding.0).collect();
        if vectors.len() != count {
            let got = vectors.len();
            let message = format!("the provider returned {got} vectors instead of {count}");
            return Err(Failure::invalid_output(message));
        }
        let length = vectors.first().map_or(0, Vec::len);
        if length == 0 || vectors.iter().any(|vector| vector.len() != length) {
            let message = "the provider returned vectors that are empty or of different lengths";
            return Err(Failure::invalid_output(message));
        }
        Ok(Self { vectors, usage })
    }
}

/// Some servers omit the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl<'de> Deserialize<'de> for Vector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let numbers = deserializer.deserialize_any(Numbers)?;
        if numbers.iter().all(|number| number.is_finite()) {
            Ok(Self(numbers))
        } else {
            Err(D::Error::custom("a vector contains a value that is not a number"))
        }
    }
}

struct Numbers;

impl<'de> Visitor<'de> for Numbers {
    type Value = Vec<f32>;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("a list of numbers, or base64")
    }

    /// Decodes base64: four bytes per number, little-endian.
    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<f32>, E> {
        let bytes = BASE64.decode(text).map_err(|error| E::custom(format!("base64: {error}")))?;
        let (numbers, []) = bytes.as_chunks::<4>() else {
            return Err(E::custom("the size of a vector is not a multiple of four bytes"));
        };
        Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<f32>, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = items.next_element()? {
            numbers.push(number);
        }
        Ok(numbers)
    }
}
