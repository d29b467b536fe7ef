//! Reads the marker strip: which frame of which film a picture is.

/// Frame number and film id from a grey picture.
pub(crate) fn read(pixels: &[u8], width: usize, height: usize) -> Option<(u32, u32)> {
    let (y, half) = (height / 36, (height / 72).saturating_sub(1));
    let cell = |n: usize| {
        let from = (n * 10 + 3) * width / 320;
        let to = ((n * 10 + 7) * width / 320).max(from + 1);
        let rows = y - half..=y + half;
        let count = rows.clone().count() * (to - from);
        rows.flat_map(|row| &pixels[row * width + from..row * width + to]).map(|value| u32::from(*value)).sum::<u32>() / count as u32
    };
    let light: Vec<u32> = (0..32).map(cell).collect();
    let (high, low) = (light[0].midpoint(light[31]), light[1].midpoint(light[30]));
    if high < low + 60 {
        return None;
    }
    let middle = high.midpoint(low);
    let bits = |from: usize, to: usize| light[from..to].iter().fold(0, |word, value| word * 2 + u32::from(*value > middle));
    let (frame, sum, id) = (bits(2, 22), bits(22, 26), bits(26, 30));
    let digits: u32 = (0..5).map(|digit| frame >> (4 * digit) & 15).sum();
    ((digits + id) % 16 == sum).then_some((frame, id))
}
