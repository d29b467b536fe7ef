//! Stamps the build and makes sure `web/dist` exists for embedding. Runs no npm and reaches no network:
//! the web UI is built by `make`, and a checkout without it serves a page that says so.
use std::{fs, path::Path};

const PLACEHOLDER: &str = "<!doctype html><meta charset=utf-8><title>watchparty</title>\
<p>The web UI was not built into this executable. Run <code>make build</code>.</p>";

fn main() {
    println!("cargo:rerun-if-changed=web/dist");
    println!("cargo:rerun-if-changed=build.rs");
    let dist = Path::new("web/dist");
    if !dist.join("index.html").exists() {
        fs::create_dir_all(dist).expect("create web/dist");
        fs::write(dist.join("index.html"), PLACEHOLDER).expect("write the placeholder page");
    }
}
