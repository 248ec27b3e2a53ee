//! Classifies visits: reads one JSON object per line, `{"url","referrer","host"}`, and writes one answer per line, in
//! the same order.
//!
//! `echo '{"url":"https://a.test/?gclid=x"}' | cargo run -q --release -p classifier --example classify`
//!
//! Missing and null fields count as empty. An invalid line gets `{"error":"…"}`.

use std::io::{self, BufRead, BufWriter, Write};

use classifier::{ProjectRules, Visit, classify};
use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut output = BufWriter::new(io::stdout().lock());
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let answer = answer(&line).unwrap_or_else(|error| json!({ "error": error }));
        serde_json::to_writer(&mut output, &answer)?;
        output.write_all(b"\n")?;
        line.clear();
    }
    output.flush()
}

fn answer(line: &[u8]) -> Result<Value, String> {
    let line = str::from_utf8(line).map_err(|error| error.to_string())?;
    let visit: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    if !visit.is_object() {
        return Err("a line is a JSON object".to_owned());
    }
    let text = |name: &str| match visit.get(name) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(format!("{name} is a string")),
    };
    let (url, referrer, host) = (text("url")?, text("referrer")?, text("host")?);
    let rules = ProjectRules::default();
    let answer = classify(&Visit { url, referrer, host, rules: &rules });
    Ok(json!({
        "source": answer.source,
        "medium": answer.medium,
        "channel": answer.channel.as_str(),
        "campaign": answer.campaign,
        "term": answer.term,
        "content": answer.content,
        "click_id": answer.click_id,
        "referrer_host": answer.referrer_host,
        "confidence": answer.confidence.as_str(),
        "rule_id": answer.rule_id,
        "version": answer.version,
    }))
}
