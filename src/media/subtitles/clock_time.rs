//! Times as subtitle files write them.

/// Hours no film has.
const HOURS_MAX: i64 = 1000;

/// `01:02:03,456`, `2:03.4`, `00:01:02:3` in ms; nothing when it is no time.
pub(super) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    let (clock, fraction) = match text.find([',', '.']) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, ""),
    };
    let parts: Vec<&str> = clock.split(':').map(str::trim).collect();
    let number = |part: &&str| part.parse::<i64>().ok().filter(|n| (0..1_000_000).contains(n));
    let (hours, minutes, seconds) = match parts.as_slice() {
        [hours, minutes, seconds] => (number(hours)?, number(minutes)?, number(seconds)?),
        [minutes, seconds] => (0, number(minutes)?, number(seconds)?),
        _ => return None,
    };
    if hours > HOURS_MAX {
        return None;
    }
    Some(((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths(fraction)?)
}

/// Digits behind the point as thousandths.
fn thousandths(digits: &str) -> Option<i64> {
    let digits: String = digits.trim().chars().take(3).collect();
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{digits:0<3}").parse().ok()
}

/// `HH:MM:SS.mmm`.
pub(super) fn write(ms: i64) -> String {
    let ms = ms.max(0);
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_a_time_is_read() {
        for (text, ms) in [
            ("01:02:03,456", 3_723_456),
            ("1:02:03.4", 3_723_400),
            ("02:03.456", 123_456),
            ("00:00:05", 5000),
            (" 0:00:01.99 ", 1990),
            ("00:00:01,2345", 1234),
        ] {
            assert_eq!(parse(text), Some(ms), "{text}");
        }
        for wrong in ["", "12", "a:b:c", "-1:00:00", "99999999999999:00", "00:00:01,x"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(write(3_723_456), "01:02:03.456");
        assert_eq!(write(-5), "00:00:00.000");
    }
}
