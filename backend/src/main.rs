//! The `portbook` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    portbook::cli::main()
}
