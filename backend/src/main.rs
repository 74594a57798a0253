//! The `portbook` binary.

use std::process::ExitCode;

/// The ledger makes and drops small texts by the million, and often in another thread than they were made in: the C library's
/// allocator is slow at that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    portbook::cli::main()
}
