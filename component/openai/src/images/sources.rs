//! The images to edit and their mask: what the API accepts, checked before
//! anything is sent, and the two kinds of body that contain them.

use connector_sdk::http::Form;
use connector_sdk::{Failure, File, FileEntry, Result};
use imagesize::ImageSize;
use serde_json::{Map, Value, json};

use super::rules::{DALL_E_2, GPT};
use crate::parameters::form_text;
use crate::rules::is_one_of;

/// The maximum size of an image for dall-e-2, in bytes. The property itself has the
/// limits of GPT image models.
const MAX_DALL_E: u64 = 4 << 20;
/// The maximum size of a file in a JSON body, in bytes: as a `data:` URL, it may
/// have at most 20 MiB, and base64 turns three bytes into four.
const MAX_EMBEDDED: u64 = 15_700_000;
/// The number of bytes to read when looking for the dimensions of an image. In a
/// JPEG, they come after the metadata.
const HEAD: u32 = 1 << 20;

/// The images to edit.
pub struct Sources {
    images: Vec<File>,
    mask: Option<File>,
}

impl Sources {
    /// Opens the files of an input.
    pub fn open(images: &[FileEntry], mask: Option<&FileEntry>) -> Result<Self> {
        let open =
            |path: &str, entry: &FileEntry| entry.open().map_err(|failure| failure.inside(path));
        let images = images.iter().enumerate();
        let images =
            images.map(|(index, entry)| open(&path(index), entry)).collect::<Result<_>>()?;
        Ok(Self { images, mask: mask.map(|entry| open("mask", entry)).transpose()? })
    }

    /// Rejects what the model does not accept. Models of other servers may accept
    /// anything.
    pub fn check(&self, model: &str) -> Result<()> {
        if is_one_of(model, DALL_E_2) {
            self.check_for_dall_e(model)?;
            self.check_mask()
        } else if is_one_of(model, GPT) {
            self.check_mask()
        } else {
            Ok(())
        }
    }

    fn check_for_dall_e(&self, model: &str) -> Result<()> {
        let [image] = self.images.as_slice() else {
            let count = self.images.len();
            let message =
                format!("with `{model}`, `images` must have only one image (got {count})");
            return Err(Failure::invalid_input("images", message));
        };
        let kind = image.entry().mime_type.as_str();
        let size = dimensions(&head(image)?);
        let got = match size {
            _ if kind != "image/png" => kind.to_owned(),
            _ if image.size() > MAX_DALL_E => format!("{} bytes", image.size()),
            Some(size) if size.width != size.height => shown(size),
            _ => return Ok(()),
        };
        let path = path(0);
        let message = format!(
            "with `{model}`, `{path}` must be a square PNG of at most {MAX_DALL_E} bytes (got {got})"
        );
        Err(Failure::invalid_input(path, message))
    }

    /// Checks that the mask has transparent areas and covers the first image.
    fn check_mask(&self) -> Result<()> {
        let (Some(mask), Some(image)) = (&self.mask, self.images.first()) else { return Ok(()) };
        let refuse = |message: String| Err(Failure::invalid_input("mask", message));
        let png = head(mask)?;
        if !has_alpha(&png) {
            return refuse("`mask` must be a PNG with an alpha channel".to_owned());
        }
        match (dimensions(&png), dimensions(&head(image)?)) {
            (Some(mask), Some(image)) if mask != image => refuse(format!(
                "`mask` must have the same dimensions as the first image, {} (got {})",
                shown(image),
                shown(mask)
            )),
            _ => Ok(()),
        }
    }

    /// The images and the other parameters as a form.
    pub fn form(&self, parameters: Map<String, Value>) -> Form<'_> {
        // Servers for older models accept only the name without brackets.
        let name = if self.images.len() == 1 { "image" } else { "image[]" };
        let form = self.images.iter().fold(Form::new(), |form, image| form.file(name, image));
        let form = self.mask.iter().fold(form, |form, mask| form.file("mask", mask));
        parameters.into_iter().fold(form, |form, (name, value)| form.text(name, form_text(value)))
    }

    /// The images and the other parameters as JSON.
    pub fn json(&self, mut parameters: Map<String, Value>) -> Result<Map<String, Value>> {
        let images = self.images.iter().enumerate();
        let images = images.map(|(index, image)| reference(&path(index), image));
        parameters.insert("images".to_owned(), images.collect::<Result<Value>>()?);
        if let Some(mask) = &self.mask {
            parameters.insert("mask".to_owned(), reference("mask", mask)?);
        }
        Ok(parameters)
    }

    /// All files, for a body that embeds them.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.images.iter().chain(&self.mask)
    }
}

fn path(index: usize) -> String {
    format!("images[{index}]")
}

/// A file as a member of a JSON body.
fn reference(path: &str, file: &File) -> Result<Value> {
    if file.size() > MAX_EMBEDDED {
        let message = format!(
            "`{path}` must be at most {MAX_EMBEDDED} bytes long in a batch or if `moderation` is set \
             (got {})",
            file.size()
        );
        return Err(Failure::invalid_input(path, message));
    }
    Ok(json!({ "image_url": file.data_url() }))
}

fn head(file: &File) -> Result<Vec<u8>> {
    file.read(0, HEAD)
}

/// The dimensions of an image, unless they cannot be determined.
fn dimensions(head: &[u8]) -> Option<ImageSize> {
    imagesize::blob_size(head).ok()
}

fn shown(size: ImageSize) -> String {
    format!("{}x{}", size.width, size.height)
}

/// Whether a PNG may have transparent areas (PNG specification, third edition,
/// §11).
fn has_alpha(png: &[u8]) -> bool {
    const COLOR_TYPE: usize = 25;
    const SIGNATURE: usize = 8;

    // Grayscale and true color, each with an alpha channel.
    if matches!(png.get(COLOR_TYPE), Some(4 | 6)) {
        return true;
    }
    // Other color types list the transparent colors in a chunk before the pixels.
    let mut rest = png.get(SIGNATURE..).unwrap_or_default();
    while let Some(([a, b, c, d, kind @ ..], chunk)) = rest.split_first_chunk::<8>() {
        match kind {
            b"tRNS" => return true,
            b"IDAT" => return false,
            _ => {}
        }
        // The content is followed by a checksum.
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        rest = chunk.get(length.saturating_add(4)..).unwrap_or_default();
    }
    false
}
