//! Collects vectors, in the output or in files.

use connector_sdk::{Failure, FileEntry, Properties, Result, events, files};
use serde::Serialize;

/// The maximum number of numbers in an output or a file. The host accepts 32 MiB
/// of JSON, in which a number takes up to 16 bytes, and 128 MiB of values, in which
/// it takes 80.
const MAX_NUMBERS: usize = 1 << 20;

#[derive(Serialize, Properties)]
#[property(output)]
pub struct Embeddings {
    /// The vectors, in the order of the texts. Empty if they are in files.
    vectors: Vec<Vec<f32>>,
    /// The number of dimensions of each vector.
    dimensions: usize,
    /// Files with the vectors, in JSON Lines. Empty if the vectors are in the output.
    files: Vec<FileEntry>,
}

/// The vectors of a run, in the order of the texts.
pub struct Vectors {
    /// The number of texts.
    total: usize,
    as_files: bool,
    dimensions: Option<usize>,
    /// The vectors that are not in a file.
    pending: Vec<Vec<f32>>,
    /// The number of vectors in files.
    stored: usize,
    files: Vec<FileEntry>,
}

/// A line of a file.
#[derive(Serialize)]
struct Line<'a> {
    /// The position of the text in the input.
    index: usize,
    vector: &'a [f32],
}

/// The maximum length of a number in JSON, with a comma.
const BYTES_PER_NUMBER: usize = 16;

/// The maximum length of a line without the numbers.
const BYTES_PER_LINE: usize = 40;

impl Vectors {
    /// Prepares for the vectors of this many texts.
    pub fn new(total: usize, as_files: bool) -> Self {
        let (pending, files) = (Vec::new(), Vec::new());
        Self { total, as_files, dimensions: None, pending, stored: 0, files }
    }

    /// The number of dimensions, once it is known.
    pub fn dimensions(&self) -> Option<usize> {
        self.dimensions
    }

    /// Adds the vectors of the next texts.
    pub fn add(&mut self, vectors: Vec<Vec<f32>>) -> Result<()> {
        let dimensions = vectors.first().map_or(0, Vec::len);
        self.dimensions = Some(dimensions);
        self.as_files |= self.total.saturating_mul(dimensions) > MAX_NUMBERS;
        let together = (self.pending.len() + vectors.len()).saturating_mul(dimensions);
        if self.as_files && !self.pending.is_empty() && together > MAX_NUMBERS {
            // Keep the new vectors even if the pending ones cannot be stored: they were
            // paid for.
            let stored = self.store();
            self.pending.extend(vectors);
            return stored;
        }
        self.pending.extend(vectors);
        Ok(())
    }

    /// Stores the pending vectors in a file.
    fn store(&mut self) -> Result<()> {
        let numbers = self.pending.len() * self.dimensions.unwrap_or_default();
        // A buffer that has to grow doubles its allocation.
        let length = numbers * BYTES_PER_NUMBER + self.pending.len() * BYTES_PER_LINE;
        let mut lines = Vec::with_capacity(length);
        for (position, vector) in self.pending.iter().enumerate() {
            let line = Line { index: self.stored + position, vector };
            serde_json::to_writer(&mut lines, &line)
                .map_err(|error| Failure::internal(format!("could not write a vector: {error}")))?;
            lines.push(b'\n');
        }
        self.files.push(files::create("vectors.jsonl", "application/jsonl", &lines)?);
        self.stored += self.pending.len();
        self.pending.clear();
        Ok(())
    }

    /// The output of the run.
    pub fn output(mut self) -> Result<Embeddings> {
        if self.as_files && !self.pending.is_empty() {
            self.store().map_err(|mut failure| {
                failure.request_sent = true;
                failure
            })?;
        }
        let dimensions = self.dimensions.unwrap_or_default();
        Ok(Embeddings { vectors: self.pending, dimensions, files: self.files })
    }

    /// Keeps the vectors received so far, which have been paid for, even though the
    /// run fails. Returns the failure with the URLs of their files.
    pub fn rescued(mut self, mut failure: Failure) -> Failure {
        if self.stored + self.pending.len() == 0 {
            return failure;
        }
        // Even if this request was not sent, an earlier one was.
        failure.request_sent = true;
        if !self.pending.is_empty() {
            // If they cannot be stored, the earlier files are still kept.
            let _ = self.store();
        }
        // Files that an event reports are kept. A run that is being stopped cannot
        // report events.
        let is_kept = |file: &FileEntry| events::file(file.clone()).is_ok();
        if self.files.is_empty() || !self.files.iter().all(is_kept) {
            return failure;
        }
        let urls: Vec<_> = self.files.iter().map(|file| file.url.as_str()).collect();
        failure.message = format!(
            "{}; the vectors of the first {} texts are in {}",
            failure.message,
            self.stored,
            urls.join(", ")
        );
        failure
    }
}
