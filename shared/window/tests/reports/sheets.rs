//! The pages of reports: kept copies, what they need from outside, and what hostile texts make of them. `UPDATE_PAGES=1` writes
//! the copies anew; look at what has changed before you keep it.

use std::path::Path;

use html5gum::{Token, Tokenizer};
use watchkeeper_window::page::report_sheet;

use crate::scene::chain;

#[expect(clippy::disallowed_methods, reason = "a switch for whoever runs this by hand")]
fn is_update() -> bool {
    std::env::var_os("UPDATE_PAGES").is_some()
}

#[test]
fn every_sheet_and_every_file_is_as_it_was_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports/kept");
    for (name, report) in ["run", "move", "restore", "backup"].into_iter().zip(chain("19:00 New York")) {
        let sheet = report_sheet(&report).as_str().replace("><", ">\n<") + "\n";
        for (file, now) in [(format!("{name}.html"), sheet), (format!("{name}.json"), report.to_json().unwrap())] {
            if is_update() {
                std::fs::write(folder.join(&file), &now).unwrap();
            }
            let before = std::fs::read_to_string(folder.join(&file)).unwrap_or_default();
            assert!(before == now, "{file} differs; UPDATE_PAGES=1 keeps what is now; what JSON means has a version");
        }
    }
}

/// The elements, and the names of their attributes.
fn shape(html: &str) -> Vec<String> {
    let tokens = Tokenizer::new(html).map(Result::unwrap);
    let told = |token: Token| match token {
        Token::StartTag(tag) => Some(format!("{:?} {:?}", tag.name, tag.attributes.keys().collect::<Vec<_>>())),
        _ => None,
    };
    tokens.filter_map(told).collect()
}

#[test]
fn a_sheet_runs_nothing_and_needs_nothing_from_outside() {
    for report in chain("19:00 New York") {
        let html = report_sheet(&report).as_str().to_owned();
        assert!(html.starts_with("<!DOCTYPE html>") && html.contains("@page{size:A4"));
        for never in ["<script", "<link", "<img", "<iframe", "url(", "@import", "src=", "href=", "http:", "https:"] {
            assert!(!html.contains(never), "{never}");
        }
        assert!(html.contains(report.sha256.as_str()));
    }
}

#[test]
fn hostile_texts_change_no_element_and_no_attribute() {
    let harmless: Vec<_> = chain("abc").iter().map(|report| shape(report_sheet(report).as_str())).collect();
    for text in ["<script>alert(1)</script>", "\"><img src=x onerror=x>", "'--></style><b>", "&lt;\u{202e}\u{0}"] {
        let hostile: Vec<_> = chain(text).iter().map(|report| shape(report_sheet(report).as_str())).collect();
        assert_eq!(hostile, harmless, "{text:?}");
    }
}
