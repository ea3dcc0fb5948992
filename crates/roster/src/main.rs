//! `roster`: the server and what its operator does from the command line.

mod commands;
mod master_key;
mod settings;

use std::process::ExitCode;

use clap::Parser as _;

use settings::{CommandLine, Commands};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit status for settings that cannot be used.
const BAD_SETTINGS: u8 = 2;

fn main() -> ExitCode {
    let command_line = match settings::check_environment()
        .and_then(|()| CommandLine::try_parse().map_err(|error| settings::one_line(&error)))
    {
        Ok(command_line) => command_line,
        Err(settings::Refused::Help(text)) => {
            print(&text);
            return ExitCode::SUCCESS;
        }
        Err(settings::Refused::Bad(line)) => {
            eprintln!("roster: {line}");
            return ExitCode::from(BAD_SETTINGS);
        }
    };
    log_to_stderr();
    let done = match command_line.command {
        Commands::Serve(settings) => commands::serve::run(&settings),
        Commands::Org(command) => commands::org::run(&command),
        Commands::Token(command) => commands::token::run(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The whole chain on one line: that is what an operator greps for.
            eprintln!("roster: {error:#}");
            if error.is::<settings::BadSetting>() { ExitCode::from(BAD_SETTINGS) } else { ExitCode::FAILURE }
        }
    }
}

/// Writes to standard output; a reader that has gone away does not matter.
fn print(text: &str) {
    use std::io::Write as _;
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Logs to standard error, as `RUST_LOG` says, else warnings and errors.
fn log_to_stderr() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
