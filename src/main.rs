//! The executable: parse, run, exit code. Everything else lives in the library.
use std::process::ExitCode;

fn main() -> ExitCode {
    watchparty::cli::main()
}
