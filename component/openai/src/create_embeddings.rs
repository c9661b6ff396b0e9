//! Embed: `POST /embeddings`.
//!
//! The texts are split into [`batches`], one for each request. [`answer`] reads
//! a response, and [`vectors`] collects the vectors, in the output or in files.
//!
//! The API also accepts tokens in place of texts. The action does not offer this:
//! nothing in a workflow produces tokens, and lists of numbers and lists of texts
//! would have to share a property.

mod answer;
mod batch;
mod batches;
#[cfg(test)]
mod tests;
mod vectors;

use connector_sdk::http::{self, Response};
use connector_sdk::{
    Effects, Example, Failure, Options, OptionsRequest, Outcome, Properties, Result, Run, Settings,
    events,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use self::answer::Answer;
use self::vectors::{Embeddings, Vectors};
use crate::rules::{Rule, Takes, is_one_of, rule};
use crate::usage::Usage;
use crate::{models, parameters, rules, texts};

/// Converts texts to vectors, for search, clustering and recommendations.
#[serde_with::skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct CreateEmbeddings {
    /// The embedding model to use. You can enter any model the server supports. Vectors from
    /// different models cannot be compared with each other.
    #[property(default = "text-embedding-3-small", live, open_choices(
        "text-embedding-3-small": "Inexpensive, and good enough for most purposes.",
        "text-embedding-3-large": "The best results, including across languages.",
        "text-embedding-ada-002": "For vectors that you already have from this model.",
    ))]
    model: String,
    /// The text to embed, or a list of texts, each of which gets its own vector. OpenAI's
    /// models accept up to 8,192 tokens per text, about 6,000 English words.
    #[serde(skip_serializing)]
    #[property(min_items = 1, max_items = MAX_TEXTS, item(label = "Text", min_length = 0))]
    input: Vec<String>,
    /// The number of dimensions of each vector. Shorter vectors take less space and lose
    /// little accuracy. Not supported by text-embedding-ada-002. Leave empty for the model's
    /// default.
    #[property(minimum = 1)]
    dimensions: Option<u64>,
    /// Whether to store the vectors in files instead of the output. More than 1,048,576
    /// numbers, such as 683 vectors with 1,536 dimensions, are always stored in files.
    #[serde(skip_serializing)]
    #[property(advanced, group = "Output", provider_default = false)]
    as_files: Option<bool>,
    /// How the provider sends the vectors. The output is the same either way. Choose float
    /// for servers that reject base64.
    #[property(advanced, group = "Requests", default = "base64", choices(
        "base64": "Less than half the size.",
        "float": "Numbers in JSON.",
    ))]
    encoding_format: String,
    /// The maximum number of texts in one request. Reduce it for servers that accept fewer
    /// than OpenAI.
    #[serde(skip_serializing)]
    #[property(advanced, group = "Requests", minimum = 1, maximum = 2048, provider_default = 2048)]
    batch_size: Option<u32>,
    /// A random or hashed ID for your end user, which helps OpenAI detect abuse. Never use
    /// a name or an email address.
    #[property(advanced, group = "Requests")]
    user: Option<String>,
}

/// The maximum number of texts in one run: with 3,072 dimensions, as many as fit
/// in the files that the host lets a run store.
const MAX_TEXTS: u32 = 10_000;

/// The maximum size of all texts together, in bytes: the texts, a response and
/// the vectors must fit in the connector's memory.
const MAX_BYTES: usize = 8 << 20;

/// The maximum number of requests, half of what the host lets a run make: some may
/// have to be repeated. More texts are rejected before any of them is charged.
const MAX_REQUESTS: usize = 500;

/// The maximum number of numbers in a response. A number may take 32 bytes: its
/// digits, and the white space before it if the server indents its JSON. Together
/// that is 16 MiB, half of what the host lets the connector read.
const MAX_NUMBERS: usize = 1 << 19;

const ADA: &[&str] = &["text-embedding-ada-002"];
const SMALL: &[&str] = &["text-embedding-3-small"];
const LARGE: &[&str] = &["text-embedding-3-large"];

/// What each parameter accepts, as of August 2026. See
/// <https://platform.openai.com/docs/api-reference/embeddings/create> and, for
/// the dimensions, <https://platform.openai.com/docs/guides/embeddings>.
const RULES: &[Rule] = &[
    rule(ADA, "dimensions", Takes::Nothing("only text-embedding-3 and later models do")),
    rule(SMALL, "dimensions", Takes::AtMost(1536)),
    rule(LARGE, "dimensions", Takes::AtMost(3072)),
];

/// The number of dimensions that each model returns by default.
const DIMENSIONS: &[(&[&str], usize)] = &[(ADA, 1536), (SMALL, 1536), (LARGE, 3072)];

/// More dimensions than the vectors of most models have.
const MANY_DIMENSIONS: usize = 4096;

impl Run for CreateEmbeddings {
    const TITLE: &str = "Embed";
    const HELP: &str = include_str!("create_embeddings.md");
    const GROUP: &str = "Text";
    const TEXT_PROPERTY: &str = "input[0]";
    const EFFECTS: Effects = Effects::BILLED;
    const EXAMPLES: &[Example] = &[
        Example {
            title: "The vector of a search query",
            input: r#"{"input": ["How do I reset my password?"]}"#,
        },
        Example {
            title: "Short vectors for a list of products",
            input: r#"{
                "input": ["Kettle, 1.7 l, steel", "Teapot, 1.2 l, glass", "Garden hose, 20 m"],
                "dimensions": 256
            }"#,
        },
        Example {
            title: "The sections of a document, in a file for a vector database",
            input: r#"{
                "model": "text-embedding-3-large",
                "input": ["1. Scope: this policy applies to …", "2. Returns: goods may be …"],
                "asFiles": true
            }"#,
        },
    ];

    type Output = Embeddings;

    fn run(self, _: &Settings) -> Result<Outcome<Embeddings>> {
        let parameters = parameters::given(&self)?;
        self.check(&parameters)?;
        let mut vectors = Vectors::new(self.input.len(), self.as_files == Some(true));
        let (mut usage, mut request_ids) = (Usage::default(), Vec::new());
        let mut rest = self.input.as_slice();
        while !rest.is_empty() {
            let max_texts = self.max_texts(vectors.dimensions());
            let (batch, later) = rest.split_at(batches::first(rest, max_texts));
            let start = self.input.len() - rest.len();
            let embedded = embed(&parameters, batch).and_then(|(answer, response)| {
                usage.add(&answer.usage);
                request_ids.extend(response.request_id());
                vectors.add(answer.vectors)
            });
            let embedded = embedded.and_then(|()| self.report(start + batch.len()));
            if let Err(failure) = embedded {
                return Err(vectors.rescued(blame(failure, start, batch.len())));
            }
            rest = later;
        }
        let metadata = json!({
            "model": self.model,
            "usage": (!usage.is_empty()).then_some(usage),
            "requestIds": (!request_ids.is_empty()).then_some(request_ids),
        });
        Outcome::new(vectors.output()?).with_metadata(&metadata)
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        let is_likely = |id: &str| models::has_any(id, &["embed", "bge-", "e5-", "gte-", "minilm"]);
        models::options(request, Self::PROPERTIES, is_likely)
    }
}

impl CreateEmbeddings {
    /// Rejects input that would fail only after some texts have been charged.
    fn check(&self, parameters: &Map<String, Value>) -> Result<()> {
        rules::check(RULES, &self.model, parameters)?;
        texts::check("input", &self.input)?;
        let bytes: usize = self.input.iter().map(String::len).sum();
        if bytes > MAX_BYTES {
            let message = format!(
                "`input` must be at most {MAX_BYTES} bytes in total (got {bytes}): embed the rest \
                 in another run"
            );
            return Err(Failure::invalid_input("input", message));
        }
        let max_texts = self.batch_size().saturating_mul(MAX_REQUESTS);
        if self.input.len() > max_texts {
            let message = format!(
                "with a `batchSize` of {}, `input` must have at most {max_texts} items (it has \
                 {}): embed the rest in another run",
                self.batch_size(),
                self.input.len()
            );
            return Err(Failure::invalid_input("input", message));
        }
        Ok(())
    }

    fn batch_size(&self) -> usize {
        self.batch_size.map_or(batches::MAX_TEXTS, |size| size as usize)
    }

    /// The maximum number of texts in the next request, whose response must be
    /// short enough even if the server does not support base64. The dimensions
    /// are known after the first response.
    fn max_texts(&self, dimensions: Option<usize>) -> usize {
        let requested = || self.dimensions.map(|dimensions| dimensions as usize);
        let usual = || {
            let of_model = |(models, _): &&(&[&str], usize)| is_one_of(&self.model, models);
            DIMENSIONS.iter().find(of_model).map(|(_, dimensions)| *dimensions)
        };
        let dimensions = dimensions.or_else(requested).or_else(usual).unwrap_or(MANY_DIMENSIONS);
        self.batch_size().min(MAX_NUMBERS / dimensions.max(1)).max(1)
    }

    /// Reports the progress of a run with several requests.
    fn report(&self, done: usize) -> Result<()> {
        let total = self.input.len();
        if done == total {
            Ok(())
        } else {
            events::progress("texts", done as u64, Some(total as u64))
        }
    }
}

/// The body of a request.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(flatten)]
    parameters: &'a Map<String, Value>,
    input: &'a [String],
}

/// Embeds the texts of one request.
fn embed(parameters: &Map<String, Value>, input: &[String]) -> Result<(Answer, Response)> {
    let response = http::post("/embeddings").json(&Body { parameters, input }).send()?;
    let answer = Answer::read(&response, input.len())?;
    Ok((answer, response))
}

/// Maps the property in a request's failure to the property of the input. `start`
/// is the position of the request's first text.
fn blame(mut failure: Failure, start: usize, count: usize) -> Failure {
    let index = match failure.property.as_deref() {
        Some("input") if count == 1 => Some(0),
        Some(property) => property
            .strip_prefix("input[")
            .and_then(|rest| rest.strip_suffix(']'))
            .and_then(|index| index.parse::<usize>().ok()),
        None => None,
    };
    if let Some(index) = index {
        failure.property = Some(format!("input[{}]", start + index));
    }
    failure
}
