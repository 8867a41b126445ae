//! The papers promise nothing that no test shows: each sentence of the README's sections on what Watchkeeper does, and of the
//! pages of the runbooks, has its tests by name, or the reason why it needs none.

use crate::documents::{functions, parse, read, root, sources_under, strings};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The sections that promise something, of pages that hold other things as well. Of the page of a runbook, all of them do.
const SECTIONS: [(&str, &[&str]); 2] = [
    ("README.md", &["How a run flows", "What you can rely on"]),
    ("tests/README.md", &["What is played exhaustively"]),
];

/// Where the tests are.
const FOLDERS: [&str; 4] = ["functions", "shared", "tests/src", "tests/tests"];

/// The attributes that make a function a test, also within `proptest!`.
const ATTRIBUTES: [&str; 3] = ["#[test]", "#[tokio::test", "#[rstest]"];

/// The macros that make a test of each of their lines.
const MACROS: [&str; 2] = ["every_fault! {", "every_scenario! {"];

/// A page: where it is, and what it says.
type Page = (String, String);

/// The pages that promise something.
fn pages() -> Vec<Page> {
    let runbooks = functions().into_iter().map(|name| format!("functions/{name}/README.md"));
    let runbooks = runbooks.filter(|page| root().join(page).exists());
    let others = SECTIONS.iter().map(|(page, _)| (*page).to_owned());
    others.chain(runbooks).map(|page| (page.clone(), read(&page))).collect()
}

/// Paragraphs and items of a page, each as one line; headings, code, tables and pictures are left out. `sections` are those
/// that count, or all of them.
fn paragraphs(page: &str, sections: Option<&[&str]>) -> Vec<String> {
    let (mut all, mut inside, mut code) = (vec![String::new()], sections.is_none(), false);
    for line in page.lines() {
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        let heading = line.starts_with('#') && !code;
        if let (Some(sections), Some(title)) = (sections, line.strip_prefix("## ").filter(|_| heading)) {
            inside = sections.contains(&title);
        }
        let prose = inside && !code && !fence && !heading && !line.starts_with(['|', '<']);
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

fn sentences(page: &str, sections: Option<&[&str]>) -> Vec<String> {
    let mut all = Vec::new();
    for paragraph in paragraphs(page, sections) {
        let mut rest = paragraph.as_str();
        while let Some((at, _)) = rest.match_indices(['.', '?', '!']).find(|(at, _)| begins(&rest[at + 1..])) {
            all.push(rest[..=at].to_owned());
            rest = rest[at + 1..].trim_start();
        }
        all.push(rest.to_owned());
    }
    all
}

/// The sentences of a page that promise something.
fn promised((name, text): &Page) -> Vec<String> {
    let sections = SECTIONS.iter().find(|(page, _)| page == name);
    sentences(text, sections.map(|(_, sections)| *sections))
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
        listed = if listed { line != "}" } else { MACROS.contains(&line) };
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

/// What is wrong between the pages, the list of their promises, and the tests.
fn findings(pages: &[Page], promises: &Value, tests: &BTreeSet<String>) -> Vec<String> {
    let entries = promises.as_array().unwrap();
    let sentences: Vec<(&str, String)> =
        pages.iter().flat_map(|page| promised(page).into_iter().map(|sentence| (page.0.as_str(), sentence))).collect();
    let mut found = Vec::new();
    for (page, sentence) in &sentences {
        match entries.iter().filter(|entry| sentence.starts_with(says(entry))).count() {
            1 => {}
            count => found.push(format!("{page}: {count} entries are about: {sentence}")),
        }
    }
    for entry in entries {
        let says = says(entry);
        match sentences.iter().filter(|(_, sentence)| sentence.starts_with(says)).count() {
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
    findings(&pages(), &promises, &own_tests())
}

#[test]
fn each_promise_of_the_papers_has_its_tests_or_a_reason() {
    assert_eq!(found_with(|_| ()), Vec::<String>::new());
}

#[test]
fn each_function_has_a_page_and_each_page_its_sections() {
    let pages: BTreeSet<String> = pages().into_iter().map(|(name, _)| name).collect();
    let missing = functions().into_iter().map(|name| format!("functions/{name}/README.md"));
    let missing = missing.filter(|page| !pages.contains(page));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<String>::new());
    for (page, sections) in SECTIONS {
        let text = read(page);
        let missing = sections.iter().filter(|section| !text.contains(&format!("\n## {section}\n")));
        assert_eq!(missing.collect::<Vec<_>>(), Vec::<&&str>::new(), "{page}: a section of another name by now");
    }
}

#[test]
fn a_promise_without_an_entry_is_found() {
    let first = &promised(&pages()[0])[0];
    let found = found_with(|entries| drop(entries.remove(0)));
    assert_eq!(found, [format!("README.md: 0 entries are about: {first}")]);
    for (page, before, with) in [
        ("README.md", "It is level-triggered. ", "It is level-triggered. It\nnever fails. "),
        (
            "functions/backups/README.md",
            "What is not known is not bad. ",
            "What is not known is not bad. It\nnever fails. ",
        ),
    ] {
        let mut pages = pages();
        let (_, text) = pages.iter_mut().find(|(name, _)| name == page).unwrap();
        *text = text.replace(before, with);
        let found = findings(&pages, &promises(), &own_tests());
        assert_eq!(found, [format!("{page}: 0 entries are about: It never fails.")]);
    }
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
fn sentences_are_those_of_prose() {
    let page = "# Title\n\nNo.\n\n## Backups\n\n```\nCode. More\n```\n\nOne is 2.5, or\nso. `two` is:\n\n\
        | A | b. |\n| --- | --- |\n<img src=\"a.svg\">\n\n- **Three.** Four?\n- Five! (Six)\n\n## Others\n\nSeven.\n";
    let all = ["No.", "One is 2.5, or so.", "`two` is:", "**Three.** Four?", "Five!", "(Six)", "Seven."];
    assert_eq!(sentences(page, None), all);
    assert_eq!(sentences(page, Some(&["Backups"])), all[1..6]);
}

#[test]
fn tests_are_known_by_their_attributes_and_by_the_macro_of_faults() {
    let source = "#[test]\nfn one() {\n    a: 1,\n}\nfn helper() {}\n#[rstest]\n#[case(1)]\nasync fn two(#[case] it: u8) {}\n\
        #[tokio::test(flavor = \"multi_thread\")]\nasync fn three() {}\nevery_fault! {\n    four: CrashAfter;\n}\n";
    assert_eq!(tests(source), ["four", "one", "three", "two"].map(str::to_owned).into());
}
