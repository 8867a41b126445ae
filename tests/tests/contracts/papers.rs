//! The papers name what exists: links and paths lead somewhere, examples are in order, tables have every row.

use crate::documents::{functions, machines, names_in, read, root, template};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use watchkeeper_domain::emergency::alarm::IgnoreReason;
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_estates::load_dir;

/// The longest README, in lines: what somebody reads who has not decided yet.
const README_MAX: usize = 200;

/// What a path of this repository begins with.
const PLACES: [&str; 7] = ["shared/", "functions/", "tests/", "statemachines/", ".github/", ".ci/", "template.yaml"];

/// Folders without papers of ours.
const NOT_OURS: [&str; 3] = ["target", "node_modules", ".git"];

/// Every Markdown file below a folder.
fn papers_under(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() {
            let ours = !NOT_OURS.iter().any(|name| entry.file_name() == *name);
            found.extend(ours.then(|| papers_under(&path)).into_iter().flatten());
        } else if path.extension().is_some_and(|it| it == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A page without its blocks of code.
fn prose(page: &str) -> String {
    let mut code = false;
    let kept = page.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        !code && !fence
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// What stands between two marks.
fn between<'p>(page: &'p str, before: &str, after: char) -> Vec<&'p str> {
    page.split(before).skip(1).filter_map(|rest| Some(rest.split_once(after)?.0)).collect()
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = kept.chars().filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'));
    kept.map(|it| if it == ' ' { '-' } else { it }).collect()
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => drop(plain.pop()),
            std::path::Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

/// The links of a page that lead nowhere.
fn dead_links(paper: &Path, page: &str) -> Vec<String> {
    let text = prose(page);
    let links = between(&text, "](", ')').into_iter().chain(between(&text, "src=\"", '"'));
    let dead = links.filter(|link| !link.contains("://")).filter(|link| {
        let (path, heading) = link.split_once('#').unwrap_or((link, ""));
        let target = if path.is_empty() { paper.to_path_buf() } else { plain(&paper.parent().unwrap().join(path)) };
        if !root().join(&target).exists() {
            return true;
        }
        let own = target == paper;
        let headings = || if own { text.clone() } else { prose(&read(&target)) };
        !heading.is_empty() && !headings().lines().any(|line| line.starts_with('#') && anchor(line) == heading)
    });
    dead.map(|link| format!("{}: {link}", paper.display())).collect()
}

/// The paths of a page, in backticks, that do not exist.
fn dead_paths(paper: &Path, page: &str) -> Vec<String> {
    let text = prose(page);
    let quoted = text.split('`').skip(1).step_by(2).flat_map(str::split_whitespace);
    let paths = quoted.filter(|word| PLACES.iter().any(|place| word.starts_with(place)) && !word.contains('*'));
    paths.filter(|path| !root().join(path).exists()).map(|path| format!("{}: {path}", paper.display())).collect()
}

/// The blocks of YAML of a page that are a document, or a section of an environment, as documents.
fn documents_of(page: &str) -> Vec<String> {
    let blocks = between(page, "```yaml\n", '`').into_iter();
    let made = blocks.filter_map(|block| {
        if block.contains("estate: ") {
            return Some(block.to_owned());
        }
        let section = block.starts_with("    ") && block.trim_start().split_once(':').is_some();
        let around = "estate: shop\nenvironments:\n  prod:\n    kind: production\n    regions: { primary: us-east-1 }\n    \
                      clusters: { us-east-1: { shop: [api] } }\n";
        section.then(|| format!("{around}{block}"))
    });
    made.collect()
}

/// What is wrong with a document.
fn problems(document: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("estate.yaml"), document).unwrap();
    let problems = load_dir(folder.path()).err().unwrap_or_default();
    problems.iter().map(ToString::to_string).collect()
}

/// The names of all fields that a document may have, but for those of before.
fn fields(schema: &Value) -> BTreeSet<String> {
    match schema {
        Value::Object(parts) => {
            let own = parts.get("properties").and_then(Value::as_object);
            let own = own.into_iter().flatten().filter(|(_, field)| field["deprecated"] != true);
            let own = own.map(|(name, _)| name.clone());
            own.chain(parts.values().flat_map(fields)).collect()
        }
        Value::Array(parts) => parts.iter().flat_map(fields).collect(),
        _ => BTreeSet::new(),
    }
}

/// The fields that an example leaves out.
fn left_out(example: &str) -> Vec<String> {
    let schema: Value = serde_json::from_str(&read("shared/estates/estate.schema.json")).unwrap();
    let words: BTreeSet<&str> = example.split(|it: char| it.is_whitespace() || matches!(it, '{' | '`')).collect();
    fields(&schema).into_iter().filter(|field| !words.contains(format!("{field}:").as_str())).collect()
}

/// The names in backticks in the first column of a page's tables.
fn rows(page: &str) -> BTreeSet<String> {
    let first = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    first.flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()).collect()
}

#[test]
fn every_link_and_path_of_the_papers_leads_somewhere() {
    let papers = papers_under(Path::new(""));
    assert!(papers.len() > 10, "{papers:?}");
    let dead = papers.iter().flat_map(|paper| {
        let page = read(paper);
        dead_links(paper, &page).into_iter().chain(dead_paths(paper, &page)).collect::<Vec<_>>()
    });
    assert_eq!(dead.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn a_link_or_path_that_leads_nowhere_is_found() {
    let paper = Path::new("functions/README.md");
    let page = "# One page\n[a](nowhere.md) [b](../README.md#no-such-heading) [c](../README.md#install) [d](#one-page)\n\
        [e](https://example.com/x) `shared/nowhere/src` `cargo x > shared/estates` `functions/*/README.md` `./elsewhere`\n\
        ```\n[f](code.md) `tests/nowhere`\n```\n";
    assert_eq!(
        dead_links(paper, page),
        ["functions/README.md: nowhere.md", "functions/README.md: ../README.md#no-such-heading"]
    );
    assert_eq!(dead_paths(paper, page), ["functions/README.md: shared/nowhere/src"]);
}

#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= README_MAX, "{lines} lines");
}

#[test]
fn the_documents_of_the_papers_are_in_order() {
    let documents: Vec<String> =
        papers_under(Path::new("")).iter().flat_map(|paper| documents_of(&read(paper))).collect();
    assert!(documents.len() >= 2, "{documents:?}");
    for document in documents {
        assert_eq!(problems(&document), Vec::<String>::new(), "{document}");
        assert_ne!(problems(&document.replace(": shop", ": a shop")), Vec::<String>::new());
    }
}

#[test]
fn the_example_document_is_in_order_and_has_every_field() {
    let examples = load_dir(&root().join("shared/estates/examples"));
    assert!(examples.is_ok(), "{:?}", examples.err());
    let example = read("shared/estates/examples/shop.yaml");
    assert_eq!(left_out(&example), Vec::<String>::new());
    assert_eq!(left_out(&example.replace("silence: ", "quiet: ")), ["silence"]);
}

#[test]
fn the_page_on_deploying_has_every_parameter() {
    let template = template();
    let parameters: BTreeSet<String> = template["Parameters"].as_object().unwrap().keys().cloned().collect();
    let page = read("functions/README.md");
    let told = rows(page.split_once("\n## Deploying\n").unwrap().1);
    assert_eq!(told, parameters);
}

#[test]
fn the_page_on_runbooks_has_every_function_and_machine() {
    let page = read("functions/README.md");
    for (file, _) in machines() {
        let machine = file.trim_end_matches(".asl.json");
        assert!(page.contains(&format!("`watchkeeper-{machine}`")), "{machine}");
    }
    for name in functions() {
        assert!(page.contains(&format!("]({name}/README.md)")), "{name}");
    }
}

#[test]
fn the_tables_have_every_guardrail_and_every_reason_to_ignore_an_alarm() {
    let guardrails = rows(&read("functions/reconcile/README.md"));
    let missing = GuardrailCode::ALL.iter().map(|code| code.name()).filter(|code| !guardrails.contains(*code));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&str>::new());
    let reasons = rows(&read("functions/alarm-response/README.md"));
    let missing = IgnoreReason::ALL.iter().map(|why| why.name()).filter(|why| !reasons.contains(*why));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn the_workflows_are_yaml_with_pinned_actions() {
    for name in names_in(".github/workflows") {
        let workflow = crate::documents::parse(&read(format!(".github/workflows/{name}")));
        for step in workflow["jobs"].as_object().unwrap().values().flat_map(|job| job["steps"].as_array().unwrap()) {
            let uses = step["uses"].as_str().unwrap_or("none@v0");
            let version = uses.split_once('@').map_or("", |(_, version)| version);
            let major = version.strip_prefix('v').is_some_and(|it| it.parse::<u32>().is_ok());
            let hash = version.len() == 40 && version.chars().all(|it| it.is_ascii_hexdigit());
            assert!(major || hash, "{name}: {uses}");
            assert_ne!(step.get("uses").or(step.get("run")), None, "{name}: {}", json!(step));
        }
    }
}

#[test]
fn the_table_of_the_ledger_has_every_item() {
    let (source, page) = (read("shared/control/src/ledger/key.rs"), read("shared/README.md"));
    let made = source.split_once("#[cfg(test)]").unwrap().0;
    let words: BTreeSet<&str> = made
        .split('"')
        .skip(1)
        .step_by(2)
        .filter_map(|text| {
            let word = text.split('#').next()?;
            (word.len() > 2 && word.chars().all(|letter| letter.is_ascii_uppercase())).then_some(word)
        })
        .collect();
    assert!(words.len() > 15, "{words:?}");
    let missing: Vec<_> = words
        .iter()
        .filter(|word| !page.contains(&format!("`{word}#")) && !page.contains(&format!("`{word}`")))
        .collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
}
