//! The built-in demo film: made by our own code, so that the first start has something to watch and tests can tell
//! from a picture which frame it is. Draws and computes; encoding is the engine's.
use std::fs::File;
use std::path::Path;

use crate::media::engine::{Cancel, ClipFormat, EngineError, Picture, write_clip as encode_clip};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 360;
const FPS: u32 = 24;
const SAMPLE_RATE: u32 = 48_000;
/// The longest clip.
const SECONDS_MAX: u32 = 3600;
/// The number that the marker carries besides the frame.
const MARKER_ID: u32 = 1;
const MARKER_CELLS: u32 = 32;
/// Flash and beep at the start of each second last this long.
const FLASH_FRAMES: u32 = 2;
const BEEP_SAMPLES: u64 = SAMPLE_RATE as u64 / 10;
const BLACK: u8 = 16;
const WHITE: u8 = 235;

/// Digits and a colon, 5 x 7, one byte a row, the top bit of five left.
const FONT: [[u8; 7]; 11] = [
    [0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e],
    [0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e],
    [0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f],
    [0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e],
    [0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02],
    [0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e],
    [0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e],
    [0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08],
    [0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e],
    [0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c],
    [0x00, 0x04, 0x04, 0x00, 0x04, 0x04, 0x00],
];

/// Writes the demo film: 640x360, 24 frames a second, H.264 and AAC, index in front. Appears whole or not at all.
pub fn write_clip(path: &Path, seconds: u32, cancel: &Cancel) -> Result<(), EngineError> {
    let failed = |source| EngineError::Open { source };
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let temporary = path.with_file_name(name);
    let file = File::create(&temporary).map_err(failed)?;
    let format = ClipFormat {
        width: WIDTH,
        height: HEIGHT,
        fps: FPS,
        sample_rate: SAMPLE_RATE,
        seconds: seconds.clamp(1, SECONDS_MAX),
    };
    let made = encode_clip(file, &format, &mut paint, &sound, cancel)
        .and_then(|()| std::fs::rename(&temporary, path).map_err(failed));
    if made.is_err() {
        // The reason for the failure matters more than a left-over.
        let _ = std::fs::remove_file(&temporary);
    }
    made
}

/// A soft beep at the start of each second; its pitch tells which.
fn sound(at: u64) -> f32 {
    let (second, offset) = (at / u64::from(SAMPLE_RATE), at % u64::from(SAMPLE_RATE));
    if offset >= BEEP_SAMPLES {
        return 0.0;
    }
    let pitch = 500.0 + 50.0 * (second % 20) as f32;
    let time = offset as f32 / SAMPLE_RATE as f32;
    let fade = (offset.min(BEEP_SAMPLES - offset) as f32 / 240.0).min(1.0);
    0.25 * fade * (std::f32::consts::TAU * pitch * time).sin()
}

fn paint(number: u32, picture: &mut Picture<'_>) {
    background(number, picture);
    dial(number, picture);
    let seconds = number / FPS;
    let clock = [seconds / 600 % 10, seconds / 60 % 10, 10, seconds % 60 / 10, seconds % 10];
    text(picture, &clock, (WIDTH - 5 * 6 * 10) / 2 + 5, 118, 10);
    let mut digits = Vec::new();
    let mut rest = number;
    while rest > 0 || digits.is_empty() {
        digits.insert(0, rest % 10);
        rest /= 10;
    }
    text(picture, &digits, (WIDTH - digits.len() as u32 * 6 * 4) / 2 + 2, 216, 4);
    if number % FPS <= FLASH_FRAMES {
        rectangle(picture, (WIDTH * 7 / 8, HEIGHT * 7 / 8, WIDTH, HEIGHT), WHITE);
    }
    marker(number, picture);
}

/// Dark blue, lighter towards the bottom, with a glow that drifts.
fn background(number: u32, picture: &mut Picture<'_>) {
    let glow = (number * 2 % (2 * WIDTH)) as i32;
    let glow = if glow < WIDTH as i32 { glow } else { 2 * WIDTH as i32 - glow };
    for y in 0..HEIGHT {
        let base = 22 + (y * 34 / HEIGHT) as i32;
        for (x, pixel) in picture.row(0, y).iter_mut().enumerate() {
            let distance = (x as i32 - glow).abs();
            *pixel = (base + (120 - distance).max(0) / 8) as u8;
        }
    }
    for y in 0..HEIGHT / 2 {
        let blue = 150 - (y * 14 / (HEIGHT / 2)) as u8;
        picture.row(1, y).fill(blue);
        picture.row(2, y).fill(118);
    }
}

/// A ring with a hand that goes round once a second.
fn dial(number: u32, picture: &mut Picture<'_>) {
    const RADIUS: i32 = 138;
    let (center_x, center_y) = (WIDTH as i32 / 2, 190);
    for y in (center_y - RADIUS).max(0)..(center_y + RADIUS).min(HEIGHT as i32) {
        let row = picture.row(0, y as u32);
        for x in center_x - RADIUS..center_x + RADIUS {
            let squared = (x - center_x).pow(2) + (y - center_y).pow(2);
            if ((RADIUS - 4).pow(2)..RADIUS.pow(2)).contains(&squared) {
                row[x as usize] = 110;
            }
        }
    }
    let angle = (number % FPS) as f32 / FPS as f32 * std::f32::consts::TAU;
    for step in 96..RADIUS - 8 {
        let x = center_x as f32 + angle.sin() * step as f32;
        let y = center_y as f32 - angle.cos() * step as f32;
        let (x, y) = (x as u32, y as u32);
        rectangle(picture, (x - 2, y - 2, x + 3, (y + 3).min(HEIGHT)), 200);
    }
}

fn text(picture: &mut Picture<'_>, glyphs: &[u32], left: u32, top: u32, size: u32) {
    for (n, glyph) in glyphs.iter().enumerate() {
        for (y, bits) in FONT[*glyph as usize % FONT.len()].iter().enumerate() {
            for x in 0..5_u32 {
                if bits & (0x10 >> x) != 0 {
                    let (x, y) = (left + (n as u32 * 6 + x) * size, top + y as u32 * size);
                    rectangle(picture, (x, y, x + size, y + size), WHITE);
                }
            }
        }
    }
}

/// Fills luma in `(left, top, right, bottom)`.
fn rectangle(picture: &mut Picture<'_>, (left, top, right, bottom): (u32, u32, u32, u32), luma: u8) {
    for y in top..bottom {
        picture.row(0, y)[left as usize..right as usize].fill(luma);
    }
}

/// The strip that says which frame this is: guards, 20 bits of number, checksum, id, guards.
fn marker(number: u32, picture: &mut Picture<'_>) {
    let cells = marker_cells(number, MARKER_ID);
    for y in 0..HEIGHT / 18 {
        let row = picture.row(0, y);
        for (n, white) in cells.into_iter().enumerate() {
            let edge = |n: usize| n * WIDTH as usize / MARKER_CELLS as usize;
            row[edge(n)..edge(n + 1)].fill(if white { WHITE } else { BLACK });
        }
    }
    for plane in [1, 2] {
        for y in 0..HEIGHT / 36 {
            picture.row(plane, y).fill(128);
        }
    }
}

fn marker_cells(number: u32, id: u32) -> [bool; MARKER_CELLS as usize] {
    let number = number & 0xf_ffff;
    let checksum = ((0..5).map(|digit| number >> (4 * digit) & 15).sum::<u32>() + id) & 15;
    let word = 1 << 31 | number << 10 | checksum << 6 | (id & 15) << 2 | 1;
    std::array::from_fn(|n| word >> (31 - n) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_has_guards_number_checksum_and_id() {
        let cells = marker_cells(0x12345, 1);
        let bits = |from: usize, to: usize| cells[from..to].iter().fold(0, |word, bit| word * 2 + u32::from(*bit));
        assert_eq!((bits(0, 2), bits(30, 32)), (0b10, 0b01));
        assert_eq!(bits(2, 22), 0x12345);
        assert_eq!(bits(22, 26), (1 + 2 + 3 + 4 + 5 + 1) % 16);
        assert_eq!(bits(26, 30), 1);
    }
}
