//! The only way out.
mod base_url;
pub use base_url::{BaseUrl, BaseUrlError};
/// r
pub struct Response;
