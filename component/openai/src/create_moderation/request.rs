//! One request, and what it checks.

use connector_sdk::http::{self, Response};
use connector_sdk::{Failure, File, FileEntry, Result};
use serde_json::{Value, json};

use super::answer::Answer;

/// What one request checks.
pub enum Request<'a> {
    /// Several texts, each with its own result.
    Texts(&'a [String]),
    /// The file at this position of `images`.
    File(usize, &'a FileEntry),
    /// The image at this position of `imageUrls`.
    Url(usize, &'a str),
    /// Texts and images that share one result.
    Combined { texts: &'a [String], files: &'a [FileEntry], urls: &'a [String] },
}

impl Request<'_> {
    /// Sends the request, and reads its results.
    pub fn send(&self, model: &str) -> Result<(Answer, Response)> {
        let files = self.open()?;
        let body = self.body(model, &files);
        let request = http::post("/moderations").json_with_files(&body, &files);
        let response = request.send().map_err(|failure| self.blame(failure))?;
        let answer = Answer::read(&response, self.sources())?;
        Ok((answer, response))
    }

    /// The files that the request contains.
    pub fn open(&self) -> Result<Vec<File>> {
        let open = |index: usize, entry: &FileEntry| {
            entry.open().map_err(|failure| failure.inside(&format!("images[{index}]")))
        };
        match self {
            Self::Texts(_) | Self::Url(..) => Ok(Vec::new()),
            Self::File(index, entry) => Ok(vec![open(*index, entry)?]),
            Self::Combined { files, .. } => {
                files.iter().enumerate().map(|(index, entry)| open(index, entry)).collect()
            }
        }
    }

    /// The body, which contains the placeholders of its files.
    pub fn body(&self, model: &str, files: &[File]) -> Value {
        json!({ "model": model, "input": self.input(files) })
    }

    fn input(&self, files: &[File]) -> Value {
        let files = files.iter().map(|file| image(&file.data_url()));
        match self {
            Self::Texts(texts) => json!(texts),
            Self::File(..) => files.collect(),
            Self::Url(_, url) => json!([image(url)]),
            Self::Combined { texts, urls, .. } => {
                let texts = texts.iter().map(|text| json!({ "type": "text", "text": text }));
                texts.chain(files).chain(urls.iter().map(|url| image(url))).collect()
            }
        }
    }

    /// The property that each result is for, or `None` if it is for all of them.
    fn sources(&self) -> Vec<Option<String>> {
        match self {
            Self::Texts(texts) => {
                (0..texts.len()).map(|index| Some(format!("input[{index}]"))).collect()
            }
            Self::File(index, _) => vec![Some(format!("images[{index}]"))],
            Self::Url(index, _) => vec![Some(format!("imageUrls[{index}]"))],
            Self::Combined { .. } => vec![None],
        }
    }

    /// The note that identifies the sources in a batch, where each input is one
    /// request.
    pub fn note(&self) -> String {
        match self {
            Self::Texts(texts) => format!("{TEXTS}{}", texts.len()),
            Self::File(..) => IMAGE.to_owned(),
            Self::Url(..) => URL.to_owned(),
            Self::Combined { .. } => COMBINED.to_owned(),
        }
    }

    /// Replaces the API's `input` in a failure with the property it comes from.
    fn blame(&self, mut failure: Failure) -> Failure {
        let is_input = failure.property.as_ref().is_some_and(|name| name.starts_with("input"));
        if is_input && let [Some(source)] = self.sources().as_slice() {
            failure.property = Some(source.clone());
        }
        failure
    }
}

/// The beginning of the note of a request for several texts.
const TEXTS: &str = "texts";
const IMAGE: &str = "image";
const URL: &str = "url";
const COMBINED: &str = "combined";

/// The sources of a request in a batch, according to its notes.
pub fn noted_sources(notes: &[&str]) -> Option<Vec<Option<String>>> {
    notes.iter().find_map(|note| match *note {
        IMAGE => Some(vec![Some("images[0]".to_owned())]),
        URL => Some(vec![Some("imageUrls[0]".to_owned())]),
        COMBINED => Some(vec![None]),
        note => {
            let count: usize = note.strip_prefix(TEXTS)?.parse().ok()?;
            Some((0..count).map(|index| Some(format!("input[{index}]"))).collect())
        }
    })
}

fn image(url: &str) -> Value {
    json!({ "type": "image_url", "image_url": { "url": url } })
}
