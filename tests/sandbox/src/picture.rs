//! Images: stripes in two colors that depend on the prompt.

use axum::body::Bytes;

use crate::digest;

/// The image for a prompt as a PNG file.
pub(crate) fn png(text: &str, width: u32, height: u32) -> Result<Bytes, png::EncodingError> {
    let [r1, g1, b1, r2, g2, b2, stripes, _] = digest(text.as_bytes()).to_le_bytes();
    let stripe = width / (u32::from(stripes % 8) + 4) + 1;
    let row: Vec<u8> = (0..width).map(|x| ((x / stripe) % 2) as u8).collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    encoder.set_palette(vec![r1, g1, b1, r2, g2, b2]);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&row.repeat(height as usize))?;
    writer.finish()?;
    Ok(file.into())
}
