//! The next seven days as a picture: the figures of the table, in one file that needs nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::process::Command;

use jiff::Timestamp;
use proptest::prelude::*;
use watchkeeper_estates::{EstateFolder, load_dir, picture_of, week_of};
use xmlparser::{Token, Tokenizer};

const INSTANT: &str = "2026-12-23T18:00:00Z";

fn instant() -> Timestamp {
    INSTANT.parse().unwrap()
}

fn shipped() -> EstateFolder {
    load_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Elements and attributes of a picture, in order, and the values of an attribute.
fn skeleton(picture: &str) -> Vec<String> {
    let tokens = Tokenizer::from(picture).map(|token| token.unwrap_or_else(|error| panic!("{error}: {picture}")));
    let named = |token: Token<'_>| match token {
        Token::ElementStart { local, .. } => Some(format!("<{local}")),
        Token::Attribute { local, .. } => Some(format!("@{local}")),
        Token::ElementEnd { .. } | Token::Declaration { .. } | Token::Text { .. } => None,
        other => panic!("what no picture of ours has: {other:?}"),
    };
    tokens.filter_map(named).collect()
}

/// The bars of a class, as where they begin and how wide they are.
fn bars(picture: &str, class: &str) -> Vec<Vec<(i64, i64)>> {
    let begin = format!("<path class=\"{class}\" d=\"");
    let of_path = |path: &str| {
        let figure =
            |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<i64>().unwrap();
        let bar = |bar: &str| (figure(bar), figure(bar.split_once('h').unwrap().1));
        path.split_once('"').unwrap().0.split('M').skip(1).map(bar).collect()
    };
    picture.split(&begin).skip(1).map(of_path).collect()
}

#[test]
fn the_picture_says_what_the_table_says() {
    let estates = shipped();
    let picture = picture_of(&estates, instant());
    for (estate, environment) in estates.environments() {
        let table = week_of(estate, environment, instant());
        let words = picture.split(&format!("aria-label=\"{}: ", environment.name())).nth(1).unwrap();
        assert_eq!(table.contains("never put to sleep"), words.starts_with("never put to sleep"));
    }
    let (estate, qa) = estates.environment("carcierge", "qa").unwrap();
    let words = picture.split("aria-label=\"qa: ").nth(1).unwrap().split_once('"').unwrap().0;
    let rows: Vec<(String, String)> = week_of(estate, qa, instant())
        .lines()
        .filter(|line| line.starts_with("│ wake") || line.starts_with("│ sleep"))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('│').split('┆').map(str::trim).collect();
            let [day, _, time, zone] = cells[1].split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            (day.to_owned(), format!("{time} {zone} ({})", cells[3]))
        })
        .collect();
    let parts: Vec<&str> = words.split(", ").skip(1).collect();
    assert_eq!(parts.len(), rows.len(), "{words}");
    for (part, (day, end)) in parts.iter().zip(rows) {
        assert!(part.contains(&format!(" {day} ")) && part.ends_with(&end), "{part}: {day} {end}");
    }
}

#[test]
fn every_minute_is_either_a_bar_or_a_line() {
    let estates = shipped();
    let picture = picture_of(&estates, instant());
    let (mut awake, mut asleep) = (bars(&picture, "on"), bars(&picture, "off"));
    // The last of each explains the shapes.
    assert!(awake.pop().is_some() && asleep.pop().is_some());
    assert_eq!((awake.len(), asleep.len()), (estates.environments().count(), estates.environments().count()));
    for (awake, asleep) in awake.into_iter().zip(asleep) {
        let mut all = [awake, asleep].concat();
        all.sort_unstable();
        assert_eq!((all[0].0, all.iter().map(|(_, width)| width).sum::<i64>()), (330, 630));
        assert!(all.windows(2).all(|two| two[0].0 + two[0].1 == two[1].0), "{all:?}");
    }
}

fn shop(reason: &str, calendar: &str) -> EstateFolder {
    let folder = tempfile::tempdir().unwrap();
    let document = format!(
        "estate: shop\nenvironments:\n  dev:\n    kind: development\n    regions: {{ primary: eu-central-1 }}\n    \
         clusters: {{ eu-central-1: {{ shop: [api] }} }}\n    \
         awake: {{ zone: UTC, weekly: {{ mon-sun: \"06:00-18:00\" }}, holidays: [2026-12-25] }}\n    \
         guardrails: {{ freeze: [{{ from: 2026-12-26, to: 2026-12-26, reason: {}, calendar: {calendar} }}] }}\n",
        serde_json::Value::from(reason)
    );
    std::fs::write(folder.path().join("shop.yaml"), document).unwrap();
    load_dir(folder.path()).unwrap_or_else(|problems| panic!("{problems:?}"))
}

#[test]
fn a_night_has_its_width_and_a_freeze_keeps_awake() {
    // From 18:00 on, 90 pixels a day: half of each is awake, but for the holiday.
    let picture = picture_of(&shop("year's end", "goes-on"), instant());
    assert_eq!(bars(&picture, "on")[0], [375, 555, 645, 735, 825, 915].map(|begin| (begin, 45)));
    assert!(picture.contains("<rect class=\"hol\" x=\"442\" y=\"92\" width=\"90\""), "{picture}");
    let picture = picture_of(&shop("year's end", "stops"), instant());
    assert_eq!(bars(&picture, "on")[0], [(375, 45), (555, 67), (645, 45), (735, 45), (825, 45), (915, 45)]);
    assert!(picture.contains("<title>frozen: year's end</title>"), "{picture}");
}

#[test]
fn a_picture_needs_nothing_from_outside_and_has_both_themes() {
    let picture = picture_of(&shipped(), instant());
    for outside in ["href", "url(", "@import", "<script", "<image", "<foreignObject"] {
        assert!(!picture.contains(outside), "{outside}");
    }
    assert_eq!(picture.matches("http").count(), 1, "the name of the format alone");
    assert!(picture.contains("@media (prefers-color-scheme:dark)"));
}

#[test]
fn the_command_writes_the_picture_of_documents_that_are_in_order_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let run = |documents: &str, file: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchkeeper-estates"));
        command.args(["check", documents, "--at", INSTANT, "--svg"]).arg(file).output().unwrap()
    };
    let file = folder.path().join("week.svg");
    let output = run(env!("CARGO_MANIFEST_DIR"), &file);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), picture_of(&shipped(), instant()));
    let other = folder.path().join("other.svg");
    let output = run(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/documents"), &other);
    assert!(!output.status.success() && !other.exists());
    let output = run(env!("CARGO_MANIFEST_DIR"), &folder.path().join("nowhere/week.svg"));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("nowhere/week.svg: found No such file"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_changes_an_element_or_an_attribute(text in "[\\PC\u{fffe}\u{202e}]{1,40}|[<>&'\"/ =a-z-]{1,40}") {
        let reason = format!("x{text}x");
        let (calm, hostile) = (shop("calm", "stops"), shop(&reason, "stops"));
        let picture = picture_of(&hostile, instant());
        prop_assert_eq!(skeleton(&picture), skeleton(&picture_of(&calm, instant())));
        let odd = picture.chars().any(|c| matches!(c, '\u{fffe}' | '\u{202e}'));
        prop_assert!(!odd, "{picture}");
    }
}
