//! Builds the Worker: cargo → wasm-bindgen → esbuild → (for deploys) wasm-opt.
//!
//! ```text
//! cargo run -p bundler                 quick build, what `wrangler dev` calls
//! cargo run -p bundler -- --optimize   release build, what `wrangler deploy` calls
//! ```
//!
//! The output folder (`build/`) contains `index.mjs`, all of the JavaScript, and `index_bg.wasm`, which it imports. Every
//! runtime for Workers accepts the pair. Plain `workerd serve`, which benchmarks use, embeds them as two modules whose
//! names must match the import:
//!
//! ```text
//! modules = [
//!   (name = "index.mjs", esModule = embed "build/index.mjs"),
//!   (name = "./index_bg.wasm", wasm = embed "build/index_bg.wasm"),
//! ]
//! ```
//!
//! The usual tool, `worker-build`, is not used because it takes minutes to compile and downloads binaries that no lock
//! file pins.

mod cargo;
mod javascript;
mod optimize;
mod output;
mod shim;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

/// Builds the Worker into an ES module and a WebAssembly file.
#[derive(Debug, Parser)]
#[command(name = "bundler")]
struct Options {
    /// Output folder for `index.mjs` and `index_bg.wasm`.
    #[arg(long, env = "HEADWATER_BUILD_DIR", default_value = "build")]
    out_dir: PathBuf,
    /// Release profile, minified JavaScript and `wasm-opt -Oz`. Implied by `wrangler deploy` and
    /// `wrangler versions upload`.
    #[arg(long)]
    optimize: bool,
    /// Keep function names for profiles and traces. The file is a third of a megabyte larger.
    #[arg(long)]
    names: bool,
    /// Cargo features of the Worker crate, separated by commas.
    #[arg(long, value_delimiter = ',')]
    features: Vec<String>,
    /// Folder of the Worker's workspace; its `node_modules` must be installed.
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// Package name of the Worker.
    #[arg(long, default_value = "headwater")]
    package: String,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bundler: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    // A test run keeps its bundle until it ends, even if sources are edited meanwhile.
    if std::env::var_os("HEADWATER_KEEP_BUNDLE").is_some() {
        return Ok(());
    }
    let optimize = options.optimize || wrangler_uploads();
    let root = std::path::absolute(&options.root)?;
    let out_dir = root.join(&options.out_dir);

    let wasm = cargo::build(&cargo::Request {
        root: &root,
        package: &options.package,
        features: &options.features,
        optimize,
    })?;
    let _lock = output::lock(&out_dir)?;
    let stamp = output::Stamp::of(&wasm, optimize, options.names)?;
    if output::is_current(&out_dir, &stamp) {
        println!("the bundle is current");
        return Ok(());
    }
    let staging = output::staging(&out_dir)?;
    bind(&wasm, &staging)?;
    shim::write(&staging)?;
    javascript::bundle(&root, &staging, optimize)?;
    if optimize {
        optimize::run(&root, &staging.join(output::WASM), options.names)?;
    }
    output::publish(&staging, &out_dir, &stamp)?;
    output::report(&out_dir)
}

/// Whether wrangler runs this build to upload its result.
fn wrangler_uploads() -> bool {
    std::env::var("WRANGLER_COMMAND").is_ok_and(|command| matches!(command.as_str(), "deploy" | "versions upload"))
}

/// Generates the JavaScript glue with the settings that `worker` expects: the module target, and an instance that can be
/// reset after a panic.
fn bind(wasm: &Path, staging: &Path) -> Result<()> {
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    bindgen
        .input_path(wasm)
        .out_name("index")
        .module(true)?
        .reset_state_function(true)
        .force_enable_abort_handler(true)
        .typescript(false);
    bindgen.generate(staging).with_context(|| format!("wasm-bindgen failed on {}", wasm.display()))
}
