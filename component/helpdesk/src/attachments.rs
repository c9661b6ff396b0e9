//! Attachments of tickets.

use connector_sdk::prelude::*;

/// Attaches a file to a ticket.
#[derive(Deserialize, Properties)]
pub struct UploadAttachment {
    /// The ticket number.
    #[property(minimum = 1)]
    ticket: u64,
    /// The file to attach.
    #[property(max_bytes = 20 << 20)]
    file: FileEntry,
    /// A comment that is shown next to the file.
    comment: Option<String>,
}

/// An attachment.
#[derive(Deserialize, Serialize, Properties)]
#[serde(rename_all(serialize = "camelCase"))]
#[property(output)]
pub struct Attachment {
    /// The attachment number, for use in other actions.
    id: u64,
    /// The URL at which people can open the file.
    url: String,
    /// The file name.
    name: String,
    /// The media type.
    content_type: String,
    /// The size in bytes.
    size: u64,
}

impl Run for UploadAttachment {
    const GROUP: &str = "Attachments";
    const EXAMPLES: &[Example] =
        &[Example { title: "A file for ticket 17", input: r#"{"ticket": 17}"# }];

    type Output = Attachment;

    fn run(self, _: &Settings) -> Result<Outcome<Self::Output>> {
        let file = self.file.open()?;
        let mut form = http::Form::new().file("file", &file);
        if let Some(comment) = self.comment {
            form = form.text("comment", comment);
        }
        let path = format!("/tickets/{}/attachments", self.ticket);
        let attachment: Attachment =
            http::post(path).multipart(form).send()?.member("attachment")?;
        Ok(attachment.into())
    }
}

/// Downloads an attachment.
#[derive(Deserialize, Properties)]
pub struct DownloadAttachment {
    /// The attachment number.
    #[property(minimum = 1)]
    attachment: u64,
}

impl Run for DownloadAttachment {
    const GROUP: &str = "Attachments";
    const EFFECTS: Effects = Effects::READ_ONLY;
    const EXAMPLES: &[Example] =
        &[Example { title: "Attachment 3", input: r#"{"attachment": 3}"# }];

    type Output = FileEntry;

    fn run(self, _: &Settings) -> Result<Outcome<Self::Output>> {
        let path = format!("/attachments/{}", self.attachment);
        let attachment: Attachment = http::get(&path).send()?.member("attachment")?;
        let content = http::get(format!("{path}/content")).send()?;
        Ok(content.save(&attachment.name, &attachment.content_type)?.into())
    }
}
