//! The response: a finding for each text or image.

use std::collections::BTreeMap;

use connector_sdk::http::Response;
use connector_sdk::{Failure, Properties, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use crate::lenient::{items, lenient};

#[derive(Serialize, Properties)]
#[property(output)]
pub struct Moderation {
    /// Whether anything was flagged.
    flagged: bool,
    /// One result for each input: the texts, then the images, then the image URLs. One result
    /// for all of them if they were combined.
    results: Vec<Finding>,
}

#[derive(Serialize, Properties)]
#[serde(rename_all = "camelCase")]
#[property(output)]
pub struct Finding {
    /// The text or image that the result is for, such as input[0] or images[1]. Absent if
    /// everything was combined.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// Whether the text or image is potentially harmful.
    flagged: bool,
    /// The categories that were flagged, such as harassment/threatening.
    categories: Vec<String>,
    /// The score of each category, from 0 to 1. The higher it is, the more certain the model
    /// is.
    scores: BTreeMap<String, Number>,
    /// For each category, the types of input that its score is based on: text, image or both.
    applied_input_types: BTreeMap<String, Vec<String>>,
}

impl Moderation {
    pub fn of(results: Vec<Finding>) -> Self {
        Self { flagged: results.iter().any(|result| result.flagged), results }
    }
}

/// The results of one request.
pub struct Answer {
    pub results: Vec<Finding>,
    /// The model that was used.
    pub model: Option<String>,
}

#[derive(Deserialize)]
struct Body {
    results: Vec<Sent>,
    #[serde(default, deserialize_with = "lenient")]
    model: Option<String>,
}

#[derive(Deserialize)]
struct Sent {
    #[serde(default, deserialize_with = "lenient")]
    flagged: Option<bool>,
    #[serde(default)]
    categories: Value,
    #[serde(default)]
    category_scores: Value,
    #[serde(default)]
    category_applied_input_types: Value,
}

impl Answer {
    /// Reads the response to a request with these sources.
    pub fn read(response: &Response, sources: Vec<Option<String>>) -> Result<Self> {
        let body = response.json()?;
        Self::of(body, sources).map_err(|failure| failure.answered_by(response))
    }

    /// Reads a response in the results of a batch. If the sources are unknown, the
    /// results have none.
    pub fn in_batch(response: Value, sources: Option<Vec<Option<String>>>) -> Result<Self> {
        let body: Body = serde_json::from_value(response)?;
        let sources = sources.unwrap_or_else(|| vec![None; body.results.len()]);
        Self::of(body, sources)
    }

    fn of(body: Body, sources: Vec<Option<String>>) -> Result<Self> {
        let Body { results, model } = body;
        if results.len() != sources.len() {
            let (got, count) = (results.len(), sources.len());
            let message = format!("the provider returned {got} results instead of {count}");
            return Err(Failure::invalid_output(message));
        }
        let findings = results.into_iter().zip(sources).map(|(sent, source)| {
            // With neither `flagged` nor categories, harmful content could pass as
            // harmless.
            sent.finding(source).ok_or_else(|| {
                let message = "the provider did not return whether anything was flagged";
                Failure::invalid_output(message)
            })
        });
        Ok(Self { results: findings.collect::<Result<_>>()?, model })
    }
}

impl Sent {
    /// Reads a result. Categories that the model does not support are null.
    fn finding(&self, source: Option<String>) -> Option<Finding> {
        let all = self.categories.as_object();
        let flagged = all.into_iter().flatten().filter(|(_, is_flagged)| **is_flagged == true);
        let categories: Vec<_> = flagged.map(|(name, _)| name.clone()).collect();
        if self.flagged.is_none() && all.is_none_or(Map::is_empty) {
            return None;
        }
        Some(Finding {
            source,
            flagged: self.flagged == Some(true) || !categories.is_empty(),
            categories,
            scores: members(&self.category_scores, |score| score.as_number().cloned()),
            applied_input_types: members(&self.category_applied_input_types, |types| {
                let texts = items(types).iter().filter_map(Value::as_str);
                types.is_array().then(|| texts.map(str::to_owned).collect())
            }),
        })
    }
}

/// The members of an object whose values can be read.
fn members<T>(object: &Value, read: impl Fn(&Value) -> Option<T>) -> BTreeMap<String, T> {
    let members = object.as_object().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.clone(), read(value)?))).collect()
}
