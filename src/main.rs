//! The executable: parse, run, exit code. Everything else lives in the library.
use std::process::ExitCode;

fn main() -> ExitCode {
    #[expect(clippy::print_stdout, reason = "it is what was asked for")]
    {
        println!("{}", watchparty::http::openapi().to_pretty_json().unwrap_or_default());
    }
    ExitCode::SUCCESS
}
