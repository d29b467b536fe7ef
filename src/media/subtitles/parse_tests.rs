use crate::media::subtitles::{Cue, TextFormat, parse, vtt};

fn plain(cues: &[Cue]) -> Vec<(i64, i64, &str)> {
    cues.iter().map(|cue| (cue.start_ms, cue.end_ms, cue.text.as_str())).collect()
}

#[test]
fn subrip_is_read_with_and_without_its_numbers_and_empty_lines() {
    let text = "1\n00:00:01,000 --> 00:00:02,500\nHello\n\nstill here\n\n2\n0:0:3.0 --> 00:00:04,000\n42\n3\n\
                00:00:05,000 --> 00:00:06,000 X1:1 Y1:2\n<i>Third</i>\n00:00:07,000 --> 00:00:06,000\nbackwards\n";
    let cues = parse(TextFormat::Srt, text, 25.0);
    assert_eq!(plain(&cues), [(1000, 2500, "Hello\nstill here"), (3000, 4000, "42"), (5000, 6000, "<i>Third</i>")]);
}

#[test]
fn webvtt_keeps_its_places_and_loses_its_notes() {
    let text = "WEBVTT - title\n\nSTYLE\n::cue { color: red }\n\nNOTE nothing\n\nid\n00:01.000 --> 00:02.000 line:0 align:start evil:<x>\n\
                <v Bob>Hi <c.red>there</c>\n\n00:03.000 --> 00:04.000\nBye\n\nafter";
    let cues = parse(TextFormat::Vtt, text, 25.0);
    assert_eq!(plain(&cues), [(1000, 2000, "Hi there"), (3000, 4000, "Bye")]);
    assert_eq!(cues[0].settings, "line:0 align:start");
    let written = vtt::write(&cues);
    assert_eq!(parse(TextFormat::Vtt, &written, 25.0), cues);
}

#[test]
fn frames_become_times_by_the_rate_that_the_file_or_the_film_has() {
    let text = "{1}{1}25.000\n{25}{50}one|two\n{75}{}open\n";
    assert_eq!(plain(&parse(TextFormat::Frames, text, 23.976)), [(1000, 2000, "one\ntwo"), (3000, 8000, "open")]);
    assert_eq!(plain(&parse(TextFormat::Frames, "{50}{100}x", 50.0)), [(1000, 2000, "x")]);
    assert_eq!(plain(&parse(TextFormat::Frames, "[10][25]/x", 50.0)), [(1000, 2500, "<i>x</i>")]);
}

#[test]
fn sami_speaks_one_language_until_the_next_change() {
    let text = "<SAMI><BODY><SYNC Start=1000><P Class=ENCC>One<br>two</P></SYNC><SYNC Start=1000><P Class=KRCC>Hana\
                <SYNC Start=2500><P Class=ENCC>&nbsp;<SYNC Start=9000><P Class=ENCC>End</BODY>";
    assert_eq!(plain(&parse(TextFormat::Sami, text, 25.0)), [(1000, 2500, "One\ntwo"), (9000, 14_000, "End")]);
}

#[test]
fn ttml_times_are_read_in_all_their_forms() {
    let text = r#"<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25"
        xmlns:tts="http://www.w3.org/ns/ttml#styling"><body><div>
        <p begin="00:00:01.500" end="00:00:02:05">One<br/><span tts:fontStyle="italic">a &amp; b</span></p>
        <p begin="3s" dur="500ms">Two</p></div></body></tt>"#;
    let cues = parse(TextFormat::Ttml, text, 25.0);
    assert_eq!(plain(&cues), [(1500, 2200, "One\n<i>a &amp; b</i>"), (3000, 3500, "Two")]);
}

#[test]
fn the_words_of_a_script_are_read_in_the_order_of_its_own_columns() {
    let text = "[Script Info]\nTitle: x\n[Events]\nFormat: Marked, Start, End, Text\nDialogue: Marked=0,0:00:01.00,0:00:02.50,Hello, {\\i1}you\nComment: 0,0:00:01.00,0:00:02.00,no\n";
    assert_eq!(plain(&parse(TextFormat::Ass, text, 25.0)), [(1000, 2500, "Hello, <i>you</i>")]);
}

#[test]
fn no_text_makes_a_parser_fall() {
    let pieces = [
        "{1}{",
        "-->",
        "00:00:01,000 --> ",
        "<sync start=",
        "[Events]\nDialogue:",
        "<tt><p begin='",
        "\u{1f600}",
        "}",
        "é\n",
    ];
    for seed in 0..400_usize {
        let text: String = (0..seed % 17).map(|n| pieces[(seed * 7 + n * n * 3) % pieces.len()]).collect();
        for format in
            [TextFormat::Srt, TextFormat::Vtt, TextFormat::Ass, TextFormat::Frames, TextFormat::Sami, TextFormat::Ttml]
        {
            parse(format, &text, f64::NAN);
        }
    }
}
