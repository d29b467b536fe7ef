//! Links as QR codes, for the terminal and for the page.
use fast_qr::convert::Builder;
use fast_qr::convert::Shape;
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::qr::QRBuilder;

/// A QR code of half blocks for a terminal; nothing when the text is too long for one.
pub fn qr_terminal(text: &str) -> Option<String> {
    QRBuilder::new(text).build().ok().map(|code| code.to_str())
}

/// A QR code as an SVG document; nothing when the text is too long for one.
pub fn qr_svg(text: &str) -> Option<String> {
    let code = QRBuilder::new(text).build().ok()?;
    Some(SvgBuilder::default().shape(Shape::Square).to_str(&code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_becomes_a_picture_and_a_novel_does_not() {
        assert!(qr_svg("http://192.168.1.7:8420/r/7K3M9QXA").is_some_and(|svg| svg.starts_with("<svg")));
        assert!(qr_terminal("http://192.168.1.7:8420").is_some());
        assert!(qr_svg(&"x".repeat(10_000)).is_none());
    }
}
