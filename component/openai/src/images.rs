//! Images: Create Image and Edit Image.
//!
//! Both build their requests with [`request`], check them with [`rules`], and
//! read the response with [`answer`]. [`sources`] are the images to edit.

mod answer;
mod create_image;
mod edit_image;
mod request;
mod rules;
mod sources;

pub use self::create_image::CreateImage;
pub use self::edit_image::EditImage;
