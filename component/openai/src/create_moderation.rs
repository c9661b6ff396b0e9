//! Moderate: `POST /moderations`.
//!
//! [`request`] determines what is checked in each request, and [`answer`] reads
//! the results.

mod answer;
mod batch;
mod request;
#[cfg(test)]
mod tests;

use connector_sdk::{
    Effects, Example, Failure, FileEntry, Options, OptionsRequest, Outcome, Properties, Result,
    Run, Settings, events,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use self::answer::Moderation;
use self::request::Request;
use crate::rules::{Rule, Takes, is_one_of, rule};
use crate::{models, parameters, rules, texts};

/// Checks texts and images for harmful content, such as hate or violence.
#[serde_with::skip_serializing_none]
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
pub struct CreateModeration {
    /// The moderation model to use. You can enter any model the server supports.
    #[property(default = "omni-moderation-latest", live, open_choices(
        "omni-moderation-latest": "Texts and images.",
        "omni-moderation-2024-09-26": "A fixed version, whose scores do not change.",
        "text-moderation-latest": "Texts only. Retired by OpenAI; other servers may still offer it.",
    ))]
    model: String,
    /// The text to check, or a list of texts, each of which gets its own result.
    #[property(item(label = "Text", min_length = 0))]
    input: Option<Vec<String>>,
    /// Images to check. omni-moderation models only.
    #[property(item(max_bytes = MAX_IMAGE, accept = IMAGE_EXTENSIONS))]
    images: Option<Vec<FileEntry>>,
    /// The URLs of images to check, which the provider downloads. omni-moderation models
    /// only.
    #[property(label = "Image URLs", item(label = "URL", control = url))]
    image_urls: Option<Vec<String>>,
    /// Whether the texts and the image belong together, like a post and its picture. They
    /// then get one result. OpenAI accepts only one image.
    #[property(advanced, provider_default = false)]
    combine: Option<bool>,
}

/// The maximum size of an image, in bytes.
const MAX_IMAGE: u64 = 20 << 20;

/// The extensions of the images that the models accept.
const IMAGE_EXTENSIONS: &[&str] = &["png", "jpg", "jpeg", "webp", "gif"];

const OMNI: &[&str] = &["omni-moderation", "omni-moderation-latest"];
const TEXT: &[&str] = &["text-moderation", "text-moderation-latest", "text-moderation-stable"];

/// What each parameter accepts, as of August 2026. See
/// <https://platform.openai.com/docs/api-reference/moderations/create>.
const RULES: &[Rule] = &[
    rule(TEXT, "images", ONLY_OMNI),
    rule(TEXT, "imageUrls", ONLY_OMNI),
    rule(TEXT, "combine", ONLY_OMNI),
];

const ONLY_OMNI: Takes = Takes::Nothing("only omni-moderation models do");

impl Run for CreateModeration {
    const TITLE: &str = "Moderate";
    const HELP: &str = include_str!("create_moderation.md");
    const GROUP: &str = "Moderation";
    const TEXT_PROPERTY: &str = "input[0]";
    const EFFECTS: Effects = Effects::READ_ONLY;
    const EXAMPLES: &[Example] = &[
        Example {
            title: "A comment, before it is published",
            input: r#"{"input": ["Nobody wants you here, get lost."]}"#,
        },
        Example { title: "An uploaded picture", input: r#"{"images": [{"url": "upload.jpg"}]}"# },
        Example {
            title: "A post together with its picture",
            input: r#"{
                "input": ["Look what they did to our street"],
                "imageUrls": ["https://forum.example/uploads/4711.jpg"],
                "combine": true
            }"#,
        },
    ];

    type Output = Moderation;

    fn run(self, _: &Settings) -> Result<Outcome<Moderation>> {
        rules::check(RULES, &self.model, &parameters::given(&self)?)?;
        let requests = self.requests()?;
        let (mut results, mut request_ids, mut model) = (Vec::new(), Vec::new(), None);
        for (done, request) in requests.iter().enumerate() {
            if done > 0 {
                events::progress("requests", done as u64, Some(requests.len() as u64))?;
            }
            let (answer, response) = request.send(&self.model)?;
            results.extend(answer.results);
            request_ids.extend(response.request_id());
            model = answer.model.or(model);
        }
        let metadata = json!({
            // The version behind a name such as `omni-moderation-latest`.
            "model": model.unwrap_or(self.model),
            "requestIds": (!request_ids.is_empty()).then_some(request_ids),
        });
        Outcome::new(Moderation::of(results)).with_metadata(&metadata)
    }

    fn options(request: &OptionsRequest) -> Result<Options> {
        let is_likely = |id: &str| models::has_any(id, &["moderation", "guard", "shield"]);
        models::options(request, Self::PROPERTIES, is_likely)
    }
}

impl CreateModeration {
    /// The requests to send: one if the inputs are combined. Otherwise, one for all
    /// texts and one for each image, because the API accepts a single image in a
    /// request and then returns a single result.
    fn requests(&self) -> Result<Vec<Request<'_>>> {
        let texts = self.input.as_deref().unwrap_or_default();
        let files = self.images.as_deref().unwrap_or_default();
        let urls = self.image_urls.as_deref().unwrap_or_default();
        texts::check("input", texts)?;
        for (index, url) in urls.iter().enumerate() {
            check_url(&format!("imageUrls[{index}]"), url)?;
        }
        if texts.is_empty() && files.is_empty() && urls.is_empty() {
            let message = "at least one of `input`, `images` and `imageUrls` is required";
            return Err(Failure::invalid_input("input", message));
        }
        if self.combine != Some(true) {
            let texts = (!texts.is_empty()).then_some(Request::Texts(texts));
            let files = files.iter().enumerate().map(|(index, file)| Request::File(index, file));
            let urls = urls.iter().enumerate().map(|(index, url)| Request::Url(index, url));
            return Ok(texts.into_iter().chain(files).chain(urls).collect());
        }
        let count = files.len() + urls.len();
        if count > 1 && is_one_of(&self.model, OMNI) {
            let property = if files.len() > 1 { "images" } else { "imageUrls" };
            let message = format!(
                "`images` and `imageUrls` must have at most one item in total if `combine` is set \
                 (got {count})"
            );
            return Err(Failure::invalid_input(property, message));
        }
        Ok(vec![Request::Combined { texts, files, urls }])
    }
}

/// Checks that an image's URL begins like one that the API accepts.
fn check_url(property: &str, url: &str) -> Result<()> {
    let begins = |start: &&str| {
        url.get(..start.len()).is_some_and(|scheme| scheme.eq_ignore_ascii_case(start))
    };
    if ["https://", "http://", "data:image/"].iter().any(begins) {
        return Ok(());
    }
    let message = format!("`{property}` must begin with https://, http:// or data:image/");
    Err(Failure::invalid_input(property, message))
}
