//! Which FFmpeg is linked in, for `watchparty version --verbose`.
use ffmpeg_next as ffmpeg;

/// Versions, licence and build line of the linked FFmpeg, one a line.
pub fn about() -> String {
    let dotted = |version: u32| format!("{}.{}.{}", version >> 16, version >> 8 & 0xff, version & 0xff);
    format!(
        "FFmpeg   libavcodec {}, libavformat {}\nlicence  {}\nbuilt    {}\n",
        dotted(ffmpeg::codec::version()),
        dotted(ffmpeg::format::version()),
        ffmpeg::codec::license(),
        options(ffmpeg::codec::configuration()),
    )
}

/// What was switched on and off, without the folders of the machine that built it.
fn options(configuration: &str) -> String {
    let told = |option: &&str| option.starts_with("--enable") || option.starts_with("--disable");
    configuration.split(' ').filter(told).collect::<Vec<_>>().join(" ")
}
