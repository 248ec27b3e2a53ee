//! Compiles the Worker crate to WebAssembly.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The target of every Worker build.
const TARGET: &str = "wasm32-unknown-unknown";

/// What to compile.
pub(crate) struct Request<'a> {
    /// Workspace folder.
    pub(crate) root: &'a Path,
    /// Package name of the Worker.
    pub(crate) package: &'a str,
    /// Cargo features to enable.
    pub(crate) features: &'a [String],
    /// Use the release profile instead of `worker-dev`.
    pub(crate) optimize: bool,
}

/// Compiles and returns the path of the `.wasm` file.
pub(crate) fn build(request: &Request<'_>) -> Result<PathBuf> {
    let profile = if request.optimize { "release" } else { "worker-dev" };
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(request.root)
        .args(["build", "--lib", "--package", request.package])
        .args(["--target", TARGET, "--profile", profile])
        .args(["--message-format", "json-render-diagnostics"])
        .stdout(Stdio::piped());
    if !request.features.is_empty() {
        command.args(["--features", &request.features.join(",")]);
    }
    // `worker` uses the futures of js-sys. The wasm-bindgen macro reads this variable when it expands; worker-build sets it
    // too.
    command.env("WASM_BINDGEN_USE_JS_SYS", "1");
    // Shown by `GET /`. Quick builds go without, so that a commit does not compile the Worker again.
    if request.optimize
        && let Some(commit) = commit(request.root)
    {
        command.env("HEADWATER_COMMIT", commit);
    }
    let output = command.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("the Worker does not compile (see above)");
    }
    artifact(&String::from_utf8_lossy(&output.stdout)).context("cargo built the Worker but reported no .wasm file")
}

/// The first 12 digits of the commit that is checked out; the same commit gives the same bundle. `None` where there is
/// no repository, or the variable is set already.
fn commit(root: &Path) -> Option<String> {
    if std::env::var_os("HEADWATER_COMMIT").is_some() {
        return None;
    }
    let output = Command::new("git").current_dir(root).args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
    let commit = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !commit.is_empty()).then_some(commit)
}

/// The path of the `.wasm` file by cargo's messages, which respect every way to move the target folder.
fn artifact(messages: &str) -> Option<PathBuf> {
    messages.lines().rev().filter(|line| line.contains("\"compiler-artifact\"")).find_map(|line| {
        let names = line.split_once("\"filenames\":[")?.1.split_once(']')?.0;
        names
            .split(',')
            .map(|name| name.trim_matches('"'))
            .find(|name| Path::new(name).extension().is_some_and(|e| e == "wasm"))
            .map(PathBuf::from)
    })
}

#[cfg(test)]
mod tests {
    use super::artifact;

    #[test]
    fn the_wasm_file_is_found_among_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","filenames":["/t/libworker.rlib"]}"#,
            "\n",
            r#"{"reason":"compiler-artifact","filenames":["/t/libx.rlib","/t/x.wasm"],"fresh":true}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(artifact(messages).unwrap().to_str(), Some("/t/x.wasm"));
    }

    #[test]
    fn no_wasm_file_is_no_path() {
        assert!(artifact(r#"{"reason":"build-finished","success":true}"#).is_none());
    }
}
