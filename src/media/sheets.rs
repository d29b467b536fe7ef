//! Where the small pictures of a film are on their sheets, and the `WebVTT` that says so. Pure.
use std::fmt::Write as _;

use crate::media::plan::Presentation;

/// From one picture to the next, at least.
const STEP_MS: i64 = 10_000;
/// Pictures of one film at most; a longer film has longer steps.
const PICTURES_MAX: i64 = 1_000;
/// Pictures side by side.
pub(crate) const COLUMNS: u32 = 8;
/// Rows of a full sheet.
const ROWS: u32 = 8;
pub(crate) const PER_SHEET: u32 = COLUMNS * ROWS;
/// The box that a picture fits into.
const WIDTH_MAX: u32 = 192;
const HEIGHT_MAX: u32 = 128;

/// The layout for one film.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sheets {
    /// Size of one picture; both even.
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// How many there are; at least one.
    pub(crate) pictures: u32,
    step_ms: i64,
    duration_ms: i64,
}

impl Sheets {
    /// For a film that has a picture.
    pub fn of(film: &Presentation) -> Option<Self> {
        film.video.as_ref().map(|video| Self::new(video.size, film.duration_ms))
    }

    fn new((width, height): (u32, u32), duration_ms: i64) -> Self {
        let duration_ms = duration_ms.max(1);
        let step_ms = STEP_MS.max((duration_ms + PICTURES_MAX - 1) / PICTURES_MAX);
        let pictures = ((duration_ms + step_ms - 1) / step_ms) as u32;
        let (wide, high) = (f64::from(width.max(1)), f64::from(height.max(1)));
        let scale = (f64::from(WIDTH_MAX) / wide).min(f64::from(HEIGHT_MAX) / high);
        let even = |length: f64| ((length * scale / 2.0).round() as u32 * 2).max(2);
        Self { width: even(wide), height: even(high), pictures, step_ms, duration_ms }
    }

    /// When a picture is.
    pub(crate) fn time_ms(&self, picture: u32) -> i64 {
        i64::from(picture) * self.step_ms
    }

    /// Rows of the sheet that a picture is on: the last sheet is no higher than it must be.
    pub(crate) fn rows_on(&self, picture: u32) -> u32 {
        let first = picture - picture % PER_SHEET;
        (self.pictures - first).min(PER_SHEET).div_ceil(COLUMNS)
    }

    /// Which part of which sheet to show when.
    pub(crate) fn index(&self) -> String {
        let mut text = "WEBVTT\n".to_owned();
        for picture in 0..self.pictures {
            let (from, to) = (self.time_ms(picture), self.time_ms(picture + 1).min(self.duration_ms));
            let place = picture % PER_SHEET;
            let (x, y) = (place % COLUMNS * self.width, place / COLUMNS * self.height);
            let _ = write!(
                text,
                "\n{} --> {}\n{}.jpg#xywh={x},{y},{},{}\n",
                clock(from),
                clock(to),
                picture / PER_SHEET,
                self.width,
                self.height
            );
        }
        text
    }
}

fn clock(ms: i64) -> String {
    let s = ms / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", s / 3600, s / 60 % 60, s % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use crate::media::sheets::Sheets;

    #[test]
    fn an_index_reads_exactly_so() {
        let sheets = Sheets::new((1920, 800), 25_500);
        assert_eq!((sheets.width, sheets.height, sheets.pictures), (192, 80, 3));
        assert_eq!(
            sheets.index(),
            "WEBVTT\n\n00:00:00.000 --> 00:00:10.000\n0.jpg#xywh=0,0,192,80\n\
             \n00:00:10.000 --> 00:00:20.000\n0.jpg#xywh=192,0,192,80\n\
             \n00:00:20.000 --> 00:00:25.500\n0.jpg#xywh=384,0,192,80\n"
        );
        assert_eq!(sheets.rows_on(2), 1);
    }

    #[test]
    fn a_long_film_has_more_sheets_and_a_very_long_one_longer_steps() {
        let film = Sheets::new((1080, 1920), 7_200_000);
        assert_eq!((film.width, film.height, film.pictures), (72, 128, 720));
        assert_eq!((film.rows_on(0), film.rows_on(719)), (8, 2));
        assert!(film.index().contains("\n11.jpg#xywh=504,128,72,128\n"));
        let day = Sheets::new((640, 360), 24 * 3_600_000);
        assert_eq!(day.pictures, 1000);
        assert!(day.index().contains("--> 24:00:00.000"));
    }

    #[test]
    fn nothing_is_too_short_or_too_narrow() {
        for size in [(0, 0), (1, 4000), (4000, 1)] {
            let sheets = Sheets::new(size, 0);
            assert!(sheets.width >= 2 && sheets.height >= 2 && sheets.pictures == 1);
        }
    }
}
