//! Pictures: a gradient with rings and stripes that depend on the prompt.

use axum::body::Bytes;

use crate::digest;

/// A picture to draw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Picture {
    /// Tells one picture from another.
    pub(crate) seed: u64,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Whether one can look through the rings.
    pub(crate) transparent: bool,
    /// The part that is finished, from the top: 0 to 1.
    pub(crate) finished: f64,
}

/// The palette entry of rings and of what is not drawn yet.
const RING: u8 = 255;
const BLANK: u8 = 254;

/// How many colours the gradient has.
const SHADES: u32 = 254;

/// A number for the picture with this index that a prompt describes.
pub(crate) fn seed(prompt: &str, index: usize) -> u64 {
    digest(prompt.as_bytes()).wrapping_add((index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

impl Picture {
    /// The picture as a PNG file.
    pub(crate) fn png(self) -> Result<Bytes, png::EncodingError> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width, self.height);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        encoder.set_palette(self.palette());
        if self.transparent {
            encoder.set_trns(alpha());
        }
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.pixels())?;
        writer.finish()?;
        Ok(file.into())
    }

    /// From one colour of the seed's to another, then grey and white.
    fn palette(self) -> Vec<u8> {
        let [r1, g1, b1, r2, g2, b2, ..] = self.seed.to_le_bytes();
        let shades = (0..SHADES).flat_map(|shade| {
            [(r1, r2), (g1, g2), (b1, b2)].map(|(from, to)| {
                let (from, to) = (u32::from(from), u32::from(to));
                // A weighted mean of bytes is a byte.
                ((from * (SHADES - 1 - shade) + to * shade) / (SHADES - 1)) as u8
            })
        });
        shades.chain([128; 3]).chain([255; 3]).collect()
    }

    fn pixels(self) -> Vec<u8> {
        let finished = (f64::from(self.height) * self.finished) as u32;
        let mut pixels = Vec::with_capacity(self.width as usize * self.height as usize);
        for y in 0..self.height {
            if y < finished {
                pixels.extend(self.row(y));
            } else {
                pixels.extend(std::iter::repeat_n(BLANK, self.width as usize));
            }
        }
        pixels
    }

    fn row(self, y: u32) -> impl Iterator<Item = u8> {
        let shade = (u64::from(y) * u64::from(SHADES - 1) / u64::from(self.height)) as u8;
        let [.., stripes, rings] = self.seed.to_le_bytes();
        let stripe = (u32::from(stripes % 5) + 2) * self.width / 32 + 1;
        let ring = i64::from(u32::from(rings % 4) + 3) * i64::from(self.width) / 64 + 1;
        let dy = i64::from(y) - i64::from(self.height / 2);
        let radius = i64::from(self.width.min(self.height) / 2);
        (0..self.width).map(move |x| {
            let dx = i64::from(x) - i64::from(self.width / 2);
            let distance = dx * dx + dy * dy;
            if distance < radius * radius && (distance.isqrt() / ring) % 3 == 1 {
                RING
            } else if (x / stripe).is_multiple_of(2) {
                shade
            } else {
                shade.saturating_add(12).min(BLANK - 1)
            }
        })
    }
}

/// Everything is solid but the rings.
fn alpha() -> Vec<u8> {
    let mut alpha = vec![255; usize::from(RING)];
    alpha.push(0);
    alpha
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(prompt: &str) -> Picture {
        let seed = seed(prompt, 0);
        Picture { seed, width: 256, height: 128, transparent: false, finished: 1.0 }
    }

    /// The width, the height and the RGBA pixels of a PNG file.
    fn decode(file: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::ALPHA | png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, pixels)
    }

    #[test]
    fn pictures_open_and_differ() {
        let (width, height, pixels) = decode(&picture("a cat").png().unwrap());
        assert_eq!((width, height), (256, 128));
        assert_ne!(pixels, decode(&picture("a dog").png().unwrap()).2);
        assert_eq!(pixels, decode(&picture("a cat").png().unwrap()).2);
        assert_ne!(seed("a cat", 0), seed("a cat", 1));
    }

    #[test]
    fn unfinished_pictures_are_blank_below() {
        let (_, _, whole) = decode(&picture("a cat").png().unwrap());
        let half = Picture { finished: 0.5, ..picture("a cat") };
        let (_, _, half) = decode(&half.png().unwrap());
        let middle = whole.len() / 2;
        assert_eq!(whole[..middle], half[..middle]);
        assert!(half[middle..].chunks(4).all(|pixel| pixel == [128, 128, 128, 255]));
    }

    #[test]
    fn transparent_pictures_have_holes() {
        let has_holes = |transparent| {
            let picture = Picture { transparent, ..picture("a cat") };
            decode(&picture.png().unwrap()).2.chunks(4).any(|pixel| pixel[3] == 0)
        };
        assert_eq!((has_holes(true), has_holes(false)), (true, false));
    }
}
