//! The README promises nothing that no test shows: each sentence of its sections on what Watchkeeper does has its tests by
//! name, or the reason why it needs none.

use crate::documents::{parse, read, sources_under, strings};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The sections that promise something.
const SECTIONS: [&str; 6] =
    ["How a run flows", "Emergencies", "Backups", "Failover and failback", "Daily unblock", "What you can rely on"];

/// Where the tests are.
const FOLDERS: [&str; 4] = ["functions", "shared", "tests/src", "tests/tests"];

/// The attributes that make a function a test, also within `proptest!`.
const ATTRIBUTES: [&str; 3] = ["#[test]", "#[tokio::test", "#[rstest]"];

/// The macro that makes a test of each of its lines.
const MACRO: &str = "every_fault! {";

/// Paragraphs and items of the sections, each as one line; code and tables are left out.
fn paragraphs(readme: &str) -> Vec<String> {
    let (mut all, mut inside, mut code) = (vec![String::new()], false, false);
    for line in readme.lines() {
        let fence = line.starts_with("```");
        code ^= fence;
        let heading = line.strip_prefix("## ").filter(|_| !code);
        if let Some(heading) = heading {
            inside = SECTIONS.contains(&heading);
        }
        let prose = inside && !code && !fence && heading.is_none() && !line.starts_with('|');
        let item = line.strip_prefix("- ");
        if !prose || item.is_some() || line.trim().is_empty() {
            all.push(String::new());
        }
        if prose {
            let paragraph = all.last_mut().unwrap();
            for word in item.unwrap_or(line).split_whitespace() {
                if !paragraph.is_empty() {
                    paragraph.push(' ');
                }
                paragraph.push_str(word);
            }
        }
    }
    all.retain(|paragraph| !paragraph.is_empty());
    all
}

/// Whether a sentence begins here, after a space.
fn begins(text: &str) -> bool {
    let first = |it: char| it.is_ascii_uppercase() || it.is_ascii_digit() || "*`\"(".contains(it);
    text.strip_prefix(' ').is_some_and(|next| next.starts_with(first))
}

fn sentences(readme: &str) -> Vec<String> {
    let mut all = Vec::new();
    for paragraph in paragraphs(readme) {
        let mut rest = paragraph.as_str();
        while let Some((at, _)) = rest.match_indices(['.', '?', '!']).find(|(at, _)| begins(&rest[at + 1..])) {
            all.push(rest[..=at].to_owned());
            rest = rest[at + 1..].trim_start();
        }
        all.push(rest.to_owned());
    }
    all
}

/// The name of the function that is declared on a line.
fn function(line: &str) -> Option<&str> {
    let line = line.strip_prefix("async ").unwrap_or(line);
    line.strip_prefix("fn ")?.split(['(', '<']).next()
}

/// The names of all tests in a source.
fn tests(source: &str) -> BTreeSet<String> {
    let (mut names, mut marked, mut listed) = (BTreeSet::new(), false, false);
    for line in source.lines() {
        listed = if listed { line != "}" } else { line == MACRO };
        let line = line.trim_start();
        marked |= ATTRIBUTES.iter().any(|attribute| line.starts_with(attribute));
        if let Some(name) = function(line) {
            names.extend(marked.then(|| name.to_owned()));
            marked = false;
        } else if let Some((name, _)) = line.split_once(": ").filter(|_| listed) {
            names.insert(name.to_owned());
        }
    }
    names
}

fn own_tests() -> BTreeSet<String> {
    FOLDERS.iter().flat_map(|folder| tests(&sources_under(folder))).collect()
}

fn promises() -> Value {
    parse(&read("tests/data/promises.yaml"))
}

/// How the sentence of an entry begins.
fn says(entry: &Value) -> &str {
    entry["says"].as_str().unwrap()
}

/// What is wrong between the README, the list of its promises, and the tests.
fn findings(readme: &str, promises: &Value, tests: &BTreeSet<String>) -> Vec<String> {
    let (sentences, entries) = (sentences(readme), promises.as_array().unwrap());
    let mut found = Vec::new();
    for sentence in &sentences {
        match entries.iter().filter(|entry| sentence.starts_with(says(entry))).count() {
            1 => {}
            count => found.push(format!("README.md: {count} entries are about: {sentence}")),
        }
    }
    for entry in entries {
        let says = says(entry);
        match sentences.iter().filter(|sentence| sentence.starts_with(says)).count() {
            1 => {}
            count => found.push(format!("tests/data/promises.yaml: {count} sentences begin so: {says}")),
        }
        let named = strings(&entry["by"]);
        let missing = named.iter().filter(|name| !tests.contains(**name));
        found.extend(missing.map(|name| format!("tests/data/promises.yaml: no test is called {name}: {says}")));
        let because = entry["because"].as_str().unwrap_or_default();
        if named.is_empty() && because.split_whitespace().count() < 4 {
            found.push(format!("tests/data/promises.yaml: neither a test nor a reason: {says}"));
        }
    }
    found
}

/// What is found with a list that is not as it should be.
fn found_with(change: impl FnOnce(&mut Vec<Value>)) -> Vec<String> {
    let mut promises = promises();
    change(promises.as_array_mut().unwrap());
    findings(&read("README.md"), &promises, &own_tests())
}

#[test]
fn each_promise_of_the_readme_has_its_tests_or_a_reason() {
    assert_eq!(found_with(|_| ()), Vec::<String>::new());
    let readme = read("README.md");
    let missing = SECTIONS.iter().filter(|section| !readme.contains(&format!("\n## {section}\n")));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&&str>::new(), "a section of another name by now");
}

#[test]
fn a_promise_without_an_entry_is_found() {
    let first = &sentences(&read("README.md"))[0];
    let found = found_with(|entries| drop(entries.remove(0)));
    assert_eq!(found, [format!("README.md: 0 entries are about: {first}")]);
    let readme = read("README.md").replace("It is level-triggered. ", "It is level-triggered. It\nnever fails. ");
    let found = findings(&readme, &promises(), &own_tests());
    assert_eq!(found, ["README.md: 0 entries are about: It never fails."]);
}

#[test]
fn an_entry_without_a_promise_a_test_or_a_reason_is_found() {
    let found = found_with(|entries| entries.push(json!({"says": "It never fails.", "because": "nobody has seen it"})));
    assert_eq!(found, ["tests/data/promises.yaml: 0 sentences begin so: It never fails."]);
    let says = says(&promises()[0]).to_owned();
    let found = found_with(|entries| entries[0]["by"] = json!(["no_such_test"]));
    assert_eq!(found, [format!("tests/data/promises.yaml: no test is called no_such_test: {says}")]);
    let found = found_with(|entries| entries[0] = json!({"says": says, "because": "it is so"}));
    assert_eq!(found, [format!("tests/data/promises.yaml: neither a test nor a reason: {says}")]);
}

#[test]
fn sentences_are_those_of_prose_in_the_sections() {
    let readme = "# Title\n\nNo.\n\n## Backups\n\n```\nCode. More\n```\n\nOne is 2.5, or\nso. `two` is:\n\n\
        | A | b. |\n| --- | --- |\n\n- **Three.** Four?\n- Five! (Six)\n\n## Others\n\nSeven.\n";
    assert_eq!(sentences(readme), ["One is 2.5, or so.", "`two` is:", "**Three.** Four?", "Five!", "(Six)"]);
}

#[test]
fn tests_are_known_by_their_attributes_and_by_the_macro_of_faults() {
    let source = "#[test]\nfn one() {\n    a: 1,\n}\nfn helper() {}\n#[rstest]\n#[case(1)]\nasync fn two(#[case] it: u8) {}\n\
        #[tokio::test(flavor = \"multi_thread\")]\nasync fn three() {}\nevery_fault! {\n    four: CrashAfter;\n}\n";
    assert_eq!(tests(source), ["four", "one", "three", "two"].map(str::to_owned).into());
}
