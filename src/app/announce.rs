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
pub(super) fn announce(settings: &Settings, url: &str, site: &Site, setup_token: &str) {
    let lan = site.lan();
    let setup_url = format!("{url}/#setup={setup_token}");
    let text = match settings.log_format {
        LogFormat::Json => json(settings, url, &lan, &setup_url),
        LogFormat::Text => banner(settings, url, &lan, &setup_url),
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

fn banner(settings: &Settings, url: &str, lan: &[String], setup_url: &str) -> String {
    let mut text = format!("\n  watchparty {}\n\n", env!("CARGO_PKG_VERSION"));
    text += &format!("  On this machine   {url}\n");
    for (n, address) in lan.iter().enumerate() {
        text += &format!("  {:<18}{address}\n", if n == 0 { "In your network" } else { "" });
    }
    if let Some(public) = &settings.public_url {
        text += &format!("  For everybody     {public}\n");
    }
    text += &format!("  Be the host       {setup_url}\n");
    let films: Vec<String> = settings.dirs.iter().map(|dir| dir.display().to_string()).collect();
    match (films.is_empty(), settings.demo) {
        (false, _) => text += &format!("  Films             {}\n", films.join(", ")),
        (true, true) => text += "  Films             the built-in one; say where yours are with --dir\n",
        (true, false) => text += "  Films             none; say where they are with --dir\n",
    }
    text += &format!("  Data              {}\n", settings.data_dir.display());
    let best = settings.public_url.as_ref().or(lan.first());
    if let Some(code) = best.and_then(|best| discovery::qr_terminal(best)) {
        text += "\n  Friends scan this:\n\n";
        text += &code;
        text += "\n";
    }
    text + "\n  Ctrl-C stops.\n\n"
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
