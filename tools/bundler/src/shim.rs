//! Writes the Worker's entry module around wasm-bindgen's exports.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::output::GLUE;

/// File name of the entry module within the staging folder.
pub(crate) const ENTRY: &str = "shim.mjs";

const TEMPLATE: &str = include_str!("shim.mjs");

/// Events whose handlers the runtime calls with the event, `env` and `ctx`.
const EVENTS: [&str; 4] = ["fetch", "scheduled", "queue", "email"];

/// Exports of `worker` and wasm-bindgen that only the shim uses.
const INTERNAL: [&str; 2] = ["__wbg_reset_state", "__worker_init_state"];

/// What a Worker exports instead of `fetch` to be called by `src/shell/fetch.js`, which passes each request in one
/// piece.
const PACKED: [&str; 3] = ["answer", "packed_headers", "body_timeout_ms"];

/// The handler for such a Worker, and its file name within the staging folder.
const HANDLER: (&str, &str) = ("fetch.js", include_str!("../../../src/shell/fetch.js"));

/// Uses the handler within the entry module.
const PACKED_FETCH: &str = r#"import { fetchHandler } from "./fetch.js";

const fetch = fetchHandler(exports, guarded(exports.answer));"#;

/// Reads the glue in `staging` and writes the entry module beside it.
pub(crate) fn write(staging: &Path) -> Result<()> {
    let path = staging.join(GLUE);
    let glue = fs::read_to_string(&path).with_context(|| format!("cannot read {GLUE}"))?;
    let entry = entry(&Exports::of(&glue))?;
    fs::write(staging.join(ENTRY), entry)?;
    fs::write(staging.join(HANDLER.0), HANDLER.1)?;
    // workerd does not support source phase imports yet; a plain import of a WebAssembly file does the same.
    fs::write(&path, glue.replace("import source ", "import "))?;
    Ok(())
}

/// The exports of the Rust side.
#[derive(Debug, Default, PartialEq)]
struct Exports {
    functions: Vec<String>,
    classes: Vec<String>,
}

impl Exports {
    /// Finds the exports in wasm-bindgen's glue, which declares one per line.
    fn of(glue: &str) -> Self {
        let mut exports = Self::default();
        let mut lines = glue.lines();
        while let Some(line) = lines.next() {
            let Some(declaration) = line.strip_prefix("export ") else {
                continue;
            };
            if let Some(rest) =
                declaration.strip_prefix("function ").or_else(|| declaration.strip_prefix("async function "))
            {
                push_name(&mut exports.functions, rest.split('(').next());
            } else if let Some(rest) = declaration.strip_prefix("class ") {
                if is_durable_object(&mut lines) {
                    push_name(&mut exports.classes, rest.split('{').next());
                }
            } else if let Some((_, name)) = declaration.split_once(" as ") {
                push_name(&mut exports.functions, name.split('}').next());
            }
        }
        exports.functions.retain(|name| !INTERNAL.contains(&name.as_str()));
        exports
    }
}

/// Whether the class whose body follows is a Durable Object: `worker` gives each of them a `fetch`. The other classes are
/// arguments of its API, which the runtime does not need.
fn is_durable_object<'a>(body: &mut impl Iterator<Item = &'a str>) -> bool {
    body.take_while(|line| *line != "}").any(|line| line.starts_with("    fetch("))
}

fn push_name(names: &mut Vec<String>, name: Option<&str>) {
    if let Some(name) = name.map(str::trim).filter(|name| !name.is_empty()) {
        names.push(name.to_owned());
    }
}

fn entry(exports: &Exports) -> Result<String> {
    let has = |wanted: &str| exports.functions.iter().any(|name| name == wanted);
    let packed = PACKED.iter().all(|name| has(name));
    if !packed && !has("fetch") {
        bail!("the Worker exports no fetch handler: is `#[event(fetch)]` compiled for wasm32?");
    }
    let mut handlers = String::from(if packed { "fetch," } else { "" });
    for name in exports.functions.iter().filter(|name| EVENTS.contains(&name.as_str())) {
        write!(handlers, "\n  {name}: guarded(exports.{name}),")?;
    }
    let mut classes = String::new();
    for name in &exports.classes {
        writeln!(classes, "export const {name} = new Proxy(exports.{name}, classProxyHooks);")?;
    }
    Ok(TEMPLATE
        .replace("/* PACKED */", if packed { PACKED_FETCH } else { "" })
        .replace("/* HANDLERS */", handlers.trim())
        .replace("/* CLASSES */", classes.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::{Exports, HANDLER, entry};

    const GLUE: &str = "import source wasmModule from \"./index_bg.wasm\";\n\
        export class Buffer {\n    free() {\n    }\n    fetch(req) {\n    }\n}\n\
        export class MinifyConfig {\n    free() {\n    }\n}\n\
        export function __wbg_reset_state () {\n}\n\
        /** @returns {any} */\nexport function fetch(req, env, ctx) {\n}\n\
        export { scheduled_1 as scheduled }\n";

    #[test]
    fn functions_and_classes_are_found_and_internals_left_out() {
        let exports = Exports::of(GLUE);
        assert_eq!(exports.functions, ["fetch", "scheduled"]);
        assert_eq!(exports.classes, ["Buffer"]);
    }

    #[test]
    fn events_and_classes_are_guarded() {
        let entry = entry(&Exports::of(GLUE)).unwrap();
        assert!(entry.contains("fetch: guarded(exports.fetch),") && entry.contains("scheduled: guarded("));
        assert!(entry.contains("export const Buffer = new Proxy(exports.Buffer, classProxyHooks);"));
        assert!(!entry.contains("/* "));
    }

    #[test]
    fn a_worker_may_have_its_requests_packed() {
        let functions = ["answer", "packed_headers", "body_timeout_ms", "scheduled"].map(str::to_owned).to_vec();
        let entry = entry(&Exports { functions, classes: Vec::new() }).unwrap();
        assert!(entry.contains("fetchHandler(exports, guarded(exports.answer))"), "{entry}");
        assert!(entry.contains("from \"./fetch.js\"") && entry.contains("\n  fetch,\n"), "{entry}");
        assert!(HANDLER.1.contains("export function fetchHandler("));
        assert!(!entry.contains("guarded(exports.fetch)") && !entry.contains("/* "), "{entry}");
    }

    #[test]
    fn a_worker_without_fetch_is_refused() {
        assert!(entry(&Exports::default()).is_err());
    }
}
