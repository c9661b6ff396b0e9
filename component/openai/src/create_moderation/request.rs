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
        let body = json!({ "model": model, "input": self.input(&files) });
        let request = http::post("/moderations").json_with_files(&body, &files);
        let response = request.send().map_err(|failure| self.blame(failure))?;
        let answer = Answer::read(&response, self.sources())?;
        Ok((answer, response))
    }

    /// The files that the request contains.
    fn open(&self) -> Result<Vec<File>> {
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

    /// Translates the property in a failure: the API calls everything `input`.
    fn blame(&self, mut failure: Failure) -> Failure {
        let is_input = failure.property.as_ref().is_some_and(|name| name.starts_with("input"));
        if is_input && let [Some(source)] = self.sources().as_slice() {
            failure.property = Some(source.clone());
        }
        failure
    }
}

fn image(url: &str) -> Value {
    json!({ "type": "image_url", "image_url": { "url": url } })
}
