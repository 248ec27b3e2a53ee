use super::*;
use query::Metric;
use schema::Column;

/// Calls `see` for a schema and every schema inside it.
fn walk(schema: &Value, see: &mut dyn FnMut(&Value)) {
    see(schema);
    for part in [schema.get("items")].into_iter().flatten() {
        walk(part, see);
    }
    for part in schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::values) {
        walk(part, see);
    }
}

#[test]
fn schemas_are_strict_small_and_fit_their_examples() {
    for door in BOTH {
        let mut whole = 0;
        for tool in TOOLS.iter().filter(|tool| tool.doors.contains(door)) {
            let (input, output) = (tool.input(*door), tool.output(*door));
            assert!(input.to_string().len() < 16_384, "{}", tool.name);
            assert_eq!((&input["type"], &output["type"]), (&json!("object"), &json!("object")), "{}", tool.name);
            for schema in [&input, &output] {
                walk(schema, &mut |schema| {
                    let keywords = schema.as_object().unwrap_or_else(|| panic!("{}: {schema}", tool.name));
                    for keyword in keywords.keys() {
                        assert!(arguments::KEYWORDS.contains(&keyword.as_str()), "{}: {keyword}", tool.name);
                    }
                });
            }
            walk(&input, &mut |schema| {
                let is_open = schema.get("properties").is_some() && schema.get("additionalProperties").is_none();
                assert!(!is_open, "{}: {schema}", tool.name);
            });
            let examples = input["examples"].as_array().unwrap();
            assert!(!examples.is_empty());
            for example in examples {
                tool.check(*door, example.as_object().unwrap()).unwrap();
            }
            whole += tool.listed(*door).to_string().len();
        }
        assert!(whole < 50 * 1024, "{door:?} has {whole} bytes");
    }
}

#[test]
fn names_are_unique_and_metrics_are_complete() {
    let mut names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), TOOLS.len());
    let metrics: Vec<&str> = Metric::ALL.iter().map(|metric| metric.as_str()).collect();
    assert_eq!(parsed(PARTS)["metrics"]["items"]["enum"], json!(metrics));
}

/// `UPDATE_DOCS=1` writes them anew.
#[test]
fn texts_list_all_dimensions() {
    let columns = Column::names(Column::GROUPABLE);
    let times: Vec<String> = query::Interval::ALL.iter().map(|width| format!("time:{}", width.as_str())).collect();
    let times = times.join(", ");
    let of_sessions: Vec<&str> =
        Metric::ALL.iter().filter(|metric| metric.is_of_sessions()).map(|metric| metric.as_str()).collect();
    let (last, first) = of_sessions.split_last().unwrap();
    let lacking = Column::not_of_sessions();
    for (file, begin, end, wanted) in [
        (
            "schemas/get_stats.json",
            "Group by up to ",
            "\"",
            format!(
                "Group by up to {} of: {columns}, prop:KEY, and one of {times}. Metrics of sessions cannot be grouped by \
                 {lacking}.",
                query::MAX_DIMENSIONS
            ),
        ),
        (
            "query-language.md",
            "Columns: ",
            "\n",
            format!(
                "Columns: {columns}. Properties: `prop:KEY`. One time axis: {}.",
                times.replace("time:week", "time:week (from Monday)")
            ),
        ),
        (
            "query-language.md",
            "sessions, ",
            "\n",
            format!(
                "{} and {last} are counted over sessions: they cannot be grouped by {lacking}. {} go with metrics of \
                 sessions alone.",
                first.join(", "),
                Column::not_of_events()
            ),
        ),
    ] {
        let path = format!("{}/src/mcp/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap();
        let start = text.find(begin).unwrap();
        let length = text[start..].find(end).unwrap();
        let found = &text[start..start + length];
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, text.replace(found, &wanted)).unwrap();
        } else {
            assert_eq!(found, wanted, "src/mcp/{file} is outdated: run with UPDATE_DOCS=1");
        }
    }
}

#[test]
fn the_query_language_names_every_report_period_and_operator() {
    let text = include_str!("../query-language.md");
    let periods = ["today", "yesterday", "week", "month", "last_month", "year"];
    let tools =
        TOOLS.iter().filter(|tool| tool.ask.kind().is_some() && !matches!(tool.ask, Ask::Realtime | Ask::Schema));
    for name in tools.map(|tool| tool.name).chain(periods).chain(["list_segments"]) {
        assert!(text.contains(&format!("`{name}`")), "{name}");
    }
    for operator in query::OPERATORS {
        assert!(text.contains(&format!("`{operator}`")) || text.contains(&format!("`[\"{operator}\"")), "{operator}");
    }
}

#[test]
fn the_documentation_lists_every_tool() {
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/mcp.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let begin = page.find("| tool | where | does |").unwrap();
    let end = begin + page[begin..].find("\n\n").unwrap();
    let mut table = "| tool | where | does |\n|---|---|---|".to_owned();
    for tool in TOOLS {
        let doors: Vec<&str> =
            tool.doors.iter().map(|door| if *door == Door::Project { "project" } else { "account" }).collect();
        let key = match (tool.key_kind(), tool.scope()) {
            (Some(kind), scope) => format!(", `{}` with `{}`", kind.as_str(), scope.as_str()),
            (None, Scope::Read) => String::new(),
            (None, scope) => format!(", with `{}`", scope.as_str()),
        };
        let row = format!("\n| `{}` | {}{key} | {} |", tool.name, doors.join(", "), tool.about);
        table.push_str(&row);
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{}{table}{}", &page[..begin], &page[end..])).unwrap();
    } else {
        assert!(page[begin..end] == table, "docs/mcp.md is outdated: run with UPDATE_DOCS=1");
    }
}

#[test]
fn an_account_names_projects_and_others_cannot() {
    let given = |value: Value| value.as_object().cloned().unwrap();
    let stats = &TOOLS[0];
    assert!(stats.check(Door::Account, &given(json!({ "projects": ["shop"] }))).is_ok());
    assert_eq!(stats.check(Door::Project, &given(json!({ "projects": "all" }))).unwrap_err().path, "/projects");
}
