//! Everything that is printed goes through here. The standard macros panic where the reader has gone
//! (`headwater keys list | head -1`); these end the program without a word, as SIGPIPE would.

use std::any::Any;
use std::fmt;
use std::io::{ErrorKind, Write, stderr, stdout};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::ExitCode;

/// What a shell shows of a program that SIGPIPE (13) has ended.
const CLOSED: u8 = 128 + 13;

/// The reader of an output has gone.
struct ClosedPipe;

/// As [`std::print`], but a closed pipe ends the program quietly.
#[macro_export]
macro_rules! print {
    ($($arg:tt)*) => { $crate::output::to_stdout(::core::format_args!($($arg)*), "") };
}

/// As [`std::println`], but a closed pipe ends the program quietly.
#[macro_export]
macro_rules! println {
    () => { $crate::output::to_stdout(::core::format_args!(""), "\n") };
    ($($arg:tt)*) => { $crate::output::to_stdout(::core::format_args!($($arg)*), "\n") };
}

/// As [`std::eprint`], but a closed pipe ends the program quietly.
#[macro_export]
macro_rules! eprint {
    ($($arg:tt)*) => { $crate::output::to_stderr(::core::format_args!($($arg)*), "") };
}

/// As [`std::eprintln`], but a closed pipe ends the program quietly.
#[macro_export]
macro_rules! eprintln {
    () => { $crate::output::to_stderr(::core::format_args!(""), "\n") };
    ($($arg:tt)*) => { $crate::output::to_stderr(::core::format_args!($($arg)*), "\n") };
}

/// Writes to standard output.
pub fn to_stdout(text: fmt::Arguments<'_>, end: &str) {
    if let Err(error) = write(&mut stdout().lock(), text, end) {
        if error.kind() != ErrorKind::BrokenPipe {
            // A full disk, for example. The exit code must not say that all is well.
            let _ = writeln!(stderr(), "error: cannot write to standard output: {error}");
            std::process::exit(1);
        }
        end_program();
    }
}

/// Writes to standard error.
pub fn to_stderr(text: fmt::Arguments<'_>, end: &str) {
    if let Err(error) = write(&mut stderr().lock(), text, end)
        && error.kind() == ErrorKind::BrokenPipe
    {
        end_program();
    }
}

fn write(stream: &mut impl Write, text: fmt::Arguments<'_>, end: &str) -> std::io::Result<()> {
    stream.write_fmt(text)?;
    stream.write_all(end.as_bytes())
}

/// Unwinds without a message where that is possible, so that what this program started is ended as well.
fn end_program() -> ! {
    if cfg!(panic = "unwind") {
        resume_unwind(Box::new(ClosedPipe));
    }
    std::process::exit(CLOSED.into());
}

/// Runs a program until it ends or an output is closed.
pub fn until_closed(program: impl FnOnce() -> ExitCode) -> ExitCode {
    catch_unwind(AssertUnwindSafe(program)).unwrap_or_else(closed)
}

fn closed(payload: Box<dyn Any + Send>) -> ExitCode {
    if payload.is::<ClosedPipe>() { ExitCode::from(CLOSED) } else { resume_unwind(payload) }
}
