use std::cell::Cell;

use crate::media::subtitles::{Cue, TextFormat, cue_of_ass, cue_of_html, cue_of_mov_text, parse, parse_until, vtt};

const FORMATS: [TextFormat; 6] =
    [TextFormat::Srt, TextFormat::Vtt, TextFormat::Ass, TextFormat::Frames, TextFormat::Sami, TextFormat::Ttml];

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
        for format in FORMATS {
            parse(format, &text, f64::NAN);
        }
    }
}

/// Where each of these were looked for to the end of the text, or up to the root, this would take hours.
#[test]
fn a_text_of_nothing_but_beginnings_of_tags_takes_no_time() {
    for piece in ["<", "{", "&", "<a", "{\\", "{y:", "\\", "{\\p1}0 "] {
        let flood = piece.repeat((1 << 20) / piece.len());
        let texts = [
            format!("00:00:01,000 --> 00:00:02,000\n{flood}\n"),
            format!("WEBVTT\n\n00:01.000 --> 00:02.000\n{flood}\n"),
            format!("[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,,,0,0,0,,{flood}\n"),
            format!("{{1}}{{2}}{flood}\n"),
            format!("<sync start=1>{flood}"),
            format!("<tt><p begin='1s' end='2s'><![CDATA[{flood}]]></p></tt>"),
        ];
        for (format, text) in FORMATS.into_iter().zip(&texts) {
            assert!(parse(format, text, 25.0).iter().all(|cue| cue.text.len() < 64 << 10), "{piece}");
        }
        cue_of_html(0, 1, &flood);
        cue_of_ass(0, 1, &flood);
        cue_of_mov_text(0, 1, &[&[0xff, 0xff], flood.as_bytes()].concat());
    }
}

#[test]
fn paragraphs_within_paragraphs_are_one_and_take_no_time() {
    let text = "<tt><p begin='1s' end='2s'>a<p begin='5s' end='6s'>b</p>c</p></tt>";
    assert_eq!(plain(&parse(TextFormat::Ttml, text, 25.0)), [(1000, 2000, "abc")]);
    let depth = 60_000;
    let (open, close) = ("<p begin='0s' end='1s'>x".repeat(depth), "</p>".repeat(depth));
    assert_eq!(parse(TextFormat::Ttml, &format!("<tt>{open}{close}</tt>"), 25.0).len(), 1);
    let attributes: String = (0..300_000).flat_map(|n| [" a".to_owned(), n.to_string(), "=''".to_owned()]).collect();
    assert_eq!(parse(TextFormat::Ttml, &format!("<tt{attributes}/>"), 25.0), []);
    let nested: String =
        (0..30_000).flat_map(|n| ["<a xmlns:n".to_owned(), n.to_string(), "='x'>".to_owned()]).collect();
    assert_eq!(parse(TextFormat::Ttml, &(nested + &"</a>".repeat(30_000)), 25.0), []);
}

#[test]
fn a_script_of_a_million_columns_takes_no_time() {
    let format = "x,".repeat(1 << 20);
    let lines = "Dialogue: 0,0:00:01.00,0:00:02.00,a\n".repeat(20_000);
    assert_eq!(parse(TextFormat::Ass, &format!("[Events]\nFormat: {format}\n{lines}"), 25.0), []);
}

#[test]
fn a_parser_ends_when_it_is_told_to() {
    let text = "00:00:01,000 --> 00:00:02,000\nx\n".repeat(1000);
    let asked = Cell::new(0);
    let stop = || asked.replace(asked.get() + 1) >= 10;
    assert!(parse_until(TextFormat::Srt, &text, 25.0, &stop).len() <= 10);
    assert_eq!(asked.get(), 11);
}
