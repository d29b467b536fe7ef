//! What the start says on stdout: where the server is, as text with a QR code or as one JSON line.
use std::io::Write as _;

use serde::Serialize;

use crate::config::{LogFormat, Settings};
use crate::discovery;
use crate::http::Site;

#[derive(Serialize)]
struct ListeningLine<'a> {
    event: &'static str,
    url: &'a str,
    lan: &'a [String],
    setup_url: &'a str,
    public_url: Option<&'a str>,
    version: &'static str,
}

/// Says it, and opens the browser if that was asked for.
pub(super) fn announce(settings: &Settings, url: &str, instead_of: Option<u16>, site: &Site, setup_token: &str) {
    let lan = site.lan();
    let setup_url = format!("{url}/#setup={setup_token}");
    let text = match settings.log_format {
        LogFormat::Json => json(settings, url, &lan, &setup_url),
        LogFormat::Text => banner(settings, url, instead_of, &lan, &setup_url),
    };
    // A closed stdout is no reason not to serve.
    let mut stdout = std::io::stdout().lock();
    drop(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()));
    if settings.open {
        open_browser(setup_url);
    }
}

fn json(settings: &Settings, url: &str, lan: &[String], setup_url: &str) -> String {
    let line = ListeningLine {
        event: "listening",
        url,
        lan,
        setup_url,
        public_url: settings.public_url.as_deref(),
        version: env!("CARGO_PKG_VERSION"),
    };
    serde_json::to_string(&line).unwrap_or_default() + "\n"
}

fn banner(settings: &Settings, url: &str, instead_of: Option<u16>, lan: &[String], setup_url: &str) -> String {
    let mut lines = vec![("On this machine", url.to_owned())];
    lines.extend(
        instead_of.map(|port| ("", format!("(another program has port {port}, so this is the next free one)"))),
    );
    lines.extend(lan.iter().enumerate().map(|(n, at)| (if n == 0 { "In your network" } else { "" }, at.clone())));
    lines.extend(settings.public_url.iter().map(|public| ("For everybody", public.clone())));
    lines.push(("Be the host", setup_url.to_owned()));
    lines.push(("Films", films(settings)));
    lines.push(("Data", settings.data_dir.display().to_string()));
    let lines: String =
        lines.iter().fold(String::new(), |text, (what, value)| text + &format!("  {what:<18}{value}\n"));
    let best = settings.public_url.as_ref().or(lan.first());
    let code = best.and_then(|best| discovery::qr_terminal(best));
    let code = code.map(|code| format!("  Friends scan this:\n\n{code}\n")).unwrap_or_default();
    format!("\n  watchparty {}\n\n{lines}\n{code}\n  Ctrl-C stops.\n\n", env!("CARGO_PKG_VERSION"))
}

fn films(settings: &Settings) -> String {
    if settings.dirs.is_empty() {
        let own = if settings.demo { "the built-in one" } else { "none" };
        return format!("{own}; for your own start with --dir FOLDER");
    }
    settings.dirs.iter().map(|dir| dir.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn open_browser(url: String) {
    let opener = std::thread::Builder::new().name("open-browser".into()).spawn(move || {
        if let Err(error) = webbrowser::open(&url) {
            tracing::warn!(%error, "no browser opened");
        }
    });
    if let Err(error) = opener {
        tracing::warn!(%error, "no browser opened");
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Layer;

    use super::*;

    #[test]
    fn the_banner_says_that_the_port_is_another_one_and_how_to_add_films() {
        let data = tempfile::tempdir().unwrap();
        let layer = Layer { data_dir: Some(data.path().to_path_buf()), ..Layer::default() };
        let settings = Settings::load(layer).unwrap();
        let moved = banner(&settings, "http://127.0.0.1:8421", Some(8420), &[], "");
        assert!(moved.contains("port 8420") && moved.contains("--dir FOLDER"), "{moved}");
        assert!(!banner(&settings, "http://127.0.0.1:8420", None, &[], "").contains("port 8420"));
    }
}
