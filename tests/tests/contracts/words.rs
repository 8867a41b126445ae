//! Words that were given up stay so. `tests/data/retired-words.yaml` says which, where each counts, and what is said instead.

use crate::documents::{parse, read, root};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Where the list is.
const LIST: &str = "tests/data/retired-words.yaml";

/// Folders without files of ours.
const NOT_OURS: [&str; 3] = ["target", "node_modules", ".git"];

/// How the names of files end that we write ourselves; data that others wrote has other names, or lies below `tests/data`.
const OURS: [&str; 7] = ["rs", "md", "py", "yaml", "yml", "toml", "asl.json"];

/// A word that is no longer used.
#[derive(Debug)]
struct RetiredWord {
    word: String,
    say: String,
    /// Whether only names in Rust code count, and not what comments and texts say.
    names: bool,
    /// The folder that it was given up in.
    below: String,
}

fn retired() -> Vec<RetiredWord> {
    let list = parse(&read(LIST));
    let word = |entry: &serde_json::Value| {
        let text = |field: &str| entry[field].as_str().unwrap_or_default().to_owned();
        let names = match entry["counts"].as_str() {
            None => false,
            Some("names") => true,
            Some(other) => panic!("{LIST}: found `counts: {other}`, expected `names` or nothing"),
        };
        RetiredWord { word: text("word"), say: text("say"), names, below: text("below") }
    };
    list.as_array().unwrap().iter().map(word).collect()
}

/// The files of the repository that we write ourselves.
fn sources(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = folder.join(&name);
        if entry.path().is_dir() {
            let ours = !NOT_OURS.contains(&name.as_str()) && path != Path::new("tests/data");
            found.extend(ours.then(|| sources(&path)).into_iter().flatten());
        } else if OURS.iter().any(|end| name.strip_suffix(end).is_some_and(|stem| stem.ends_with('.'))) {
            found.push(path.to_str().unwrap().to_owned());
        }
    }
    found
}

/// The words of a name in small letters: `FailoverRun` and `failover_run` have two.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter.is_uppercase() {
            words.push(String::new());
        }
        words.last_mut().unwrap().extend(letter.to_lowercase().filter(|letter| *letter != '_'));
    }
    words
}

/// The words of a text, each with its line: those of prose, and those of names.
fn words(text: &str) -> BTreeSet<(usize, String)> {
    let of = |(at, line): (usize, &str)| -> Vec<(usize, String)> {
        let names = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        names.flat_map(words_of).map(|word| (at + 1, word)).collect()
    };
    text.lines().enumerate().flat_map(of).collect()
}

/// The names in Rust code, each with its line.
fn names(code: TokenStream, found: &mut BTreeSet<(usize, String)>) {
    for token in code {
        match token {
            TokenTree::Group(group) => names(group.stream(), found),
            TokenTree::Ident(name) => {
                found.insert((name.span().start().line, name.to_string()));
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// The retired words in a file: where they stand, and what to say instead.
fn findings(path: &str, text: &str, retired: &[RetiredWord]) -> Vec<String> {
    let here: Vec<&RetiredWord> = retired.iter().filter(|retired| path.starts_with(&retired.below)).collect();
    let prose = words(text);
    let mut code = BTreeSet::new();
    let rust = Path::new(path).extension().is_some_and(|end| end == "rs");
    if rust && here.iter().any(|retired| retired.names && text.contains(&retired.word)) {
        names(text.parse().unwrap_or_else(|error| panic!("{path}: {error}")), &mut code);
    }
    let found = |retired: &&RetiredWord| {
        let all = if retired.names { &code } else { &prose };
        let at = all.iter().filter(|(_, word)| *word == retired.word).map(|(line, _)| *line);
        at.map(|line| format!("{path}:{line}: `{}`; say {}", retired.word, retired.say)).collect::<Vec<_>>()
    };
    here.iter().flat_map(found).collect()
}

#[test]
fn no_word_that_was_given_up_is_used() {
    let retired = retired();
    let files = sources(Path::new(""));
    assert!(files.len() > 500, "{} files", files.len());
    let found: Vec<String> = files.iter().flat_map(|path| findings(path, &read(path), &retired)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_word_that_was_given_up_is_found_where_it_counts() {
    let word = |word: &str, names, below: &str| RetiredWord {
        word: word.to_owned(),
        say: "a run".to_owned(),
        names,
        below: below.to_owned(),
    };
    let retired = [word("gizmo", false, ""), word("stage", true, "tests/")];
    let lines = |path: &str, text: &str| findings(path, text, &retired).len();
    assert_eq!(lines("a.md", "It is no Gizmo.\ngizmos, pregizmo"), 1, "a whole word, in any case");
    assert_eq!(lines("shared/a.rs", "struct GizmoRun; fn gizmo_for() {} // gizmo"), 1, "once a line");
    assert_eq!(lines("tests/a.rs", "fn f(stage: u8) {\n    let stages = stage;\n}"), 2, "a name, and no part of one");
    assert_eq!(
        lines("tests/a.rs", "/// On stage.\nfn next_stage() -> &'static str { \"stage\" }"),
        0,
        "no comment, no text"
    );
    assert_eq!(lines("shared/a.rs", "fn f(stage: u8) {}"), 0, "where it stays a word");
    assert_eq!(findings("tests/a.py", "a = 1\ngizmo = 2", &retired), ["tests/a.py:2: `gizmo`; say a run"]);
}

#[test]
fn the_list_says_something_else_for_each_word() {
    let retired = retired();
    let own: Vec<_> = retired.iter().map(|it| (it.word.as_str(), it.names, it.below.as_str())).collect();
    assert_eq!(own.iter().collect::<BTreeSet<_>>().len(), own.len(), "each once");
    for RetiredWord { word, say, below, .. } in &retired {
        assert!(!word.is_empty() && !say.is_empty(), "`{word}`");
        let instead = words(say);
        let again = |other: &&RetiredWord| !other.names && instead.iter().any(|(_, said)| *said == other.word);
        assert_eq!(
            retired.iter().find(again).map(|other| &other.word),
            None,
            "`{word}` is said by a word that is given up"
        );
        assert!(below.is_empty() || root().join(below).exists(), "`{below}` is no folder");
    }
}
