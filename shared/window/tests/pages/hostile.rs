//! Whatever texts other people and services write: the pages have the same elements and the same attributes.

use std::collections::BTreeMap;

use html5gum::{Token, Tokenizer};
use watchkeeper_domain::violation::{GuardrailCode, Severity, Violation};
use watchkeeper_window::facts::{
    ActionFacts, ActionOutcome, EndedAttempt, Reading, StackRows, WakePageFacts, WindowFacts,
};
use watchkeeper_window::html::Html;
use watchkeeper_window::page::{
    Selection, action, backups, bad_request, failover, question, run, wake, wake_not_understood, window,
};

use crate::moment::runs::scope;
use crate::moment::wake as wake_moment;
use crate::moment::{copies, everything, frame, over, pairs, runs, stack};

/// How many texts are shown.
const TEXTS: usize = 100_000;

/// Gives out texts, one for each field, and begins anew at the end.
struct Texts<'a> {
    texts: &'a [String],
    given: usize,
}

impl Texts<'_> {
    fn next(&mut self) -> String {
        self.given += 1;
        self.texts[(self.given - 1) % self.texts.len()].clone()
    }
}

/// Every page that shows somebody else's texts, with these texts in each such field.
fn pages(texts: &[String]) -> (Vec<Html>, usize) {
    let mut texts = Texts { texts, given: 0 };
    let mut frame = frame();
    (frame.viewer.by, frame.viewer.reason) = (texts.next(), texts.next());
    let mut all = vec![
        window(&frame, &hostile_window(&mut texts), &Selection::default()),
        run(&frame, &hostile_run(&mut texts)),
        question(&frame, &hostile_question(&mut texts)),
        failover(&frame, &hostile_pair(&mut texts, pairs::away())),
        failover(&frame, &hostile_pair(&mut texts, pairs::asks())),
        backups(&frame, &hostile_backups(&mut texts)),
        bad_request(&frame, &texts.next(), &texts.next(), &texts.next()),
        wake(&hostile_page(&mut texts, wake_moment::asleep())),
        wake(&hostile_page(&mut texts, wake_moment::waking())),
        wake_not_understood(&texts.next(), &texts.next(), &texts.next()),
    ];
    let refused = ActionOutcome::Refused { code: texts.next(), found: texts.next(), expected: texts.next() };
    // What is no name has no link.
    let started =
        ActionOutcome::Started { machine: texts.next() + " ", execution: texts.next() + " ", took_seconds: None };
    for outcome in [refused, started] {
        let facts = ActionFacts { stack: stack(), scope: Some(scope("clos-v2", "dev")), what: texts.next(), outcome };
        all.push(action(&frame, &facts));
    }
    (all, texts.given)
}

fn hostile_page(texts: &mut Texts<'_>, mut facts: WakePageFacts) -> WakePageFacts {
    (facts.about, facts.owner) = (Some(texts.next()), Some(texts.next()));
    facts.progress.iter_mut().for_each(|progress| progress.starting = vec![texts.next()]);
    facts
}

fn hostile_window(texts: &mut Texts<'_>) -> WindowFacts {
    let mut all: Vec<_> =
        everything().into_iter().filter(|it| ["qa", "dev", "production"].contains(&it.environment.as_str())).collect();
    for of in &mut all {
        (of.about, of.owner) = (Some(texts.next()), Some(texts.next()));
        of.protected = vec![texts.next()];
        let Reading::Now(ledger) = &mut of.regions.values_mut().next().unwrap().ledger else { panic!("it was read") };
        ledger.intents.iter_mut().for_each(|intent| intent.reason = texts.next());
        ledger.halt.iter_mut().for_each(|halt| halt.reason = texts.next());
        ledger.running = Some((texts.next(), crate::moment::now()));
        for violation in ledger.trouble.iter_mut().flat_map(|trouble| &mut trouble.violations) {
            (violation.found, violation.advice) = (texts.next(), texts.next());
        }
        ledger.trouble.iter_mut().for_each(|trouble| trouble.wanted = texts.next());
        for entry in &mut ledger.history {
            (entry.run, entry.reason) = (texts.next(), texts.next());
        }
        of.backups = Reading::Unread { why: texts.next() };
    }
    let mut facts = over(all);
    let peer = "arn:aws:lambda:eu-central-1:210987654321:function:watchkeeper-window".parse().unwrap();
    let silent: Reading<StackRows> = Reading::Unread { why: texts.next() };
    facts.peers = BTreeMap::from([(peer, silent)]);
    facts
}

fn hostile_run(texts: &mut Texts<'_>) -> watchkeeper_window::facts::RunFacts {
    let mut facts = runs::run();
    let Reading::Now(Some(record)) = &mut facts.record else { panic!("it was read") };
    record.header.id = texts.next();
    record.header.timeline.iter_mut().for_each(|moment| moment.what = texts.next());
    record.deciding.iter_mut().for_each(|intent| intent.reason = texts.next());
    record.error = Some(watchkeeper_domain::run::RunError { name: texts.next(), message: texts.next() });
    record.violations = vec![Violation::new(GuardrailCode::Quota, Severity::Warn, texts.next(), texts.next())];
    facts.vetoes = Reading::Now([("some-alarm".parse().unwrap(), texts.next())].into());
    facts.spells.iter_mut().for_each(|spell| (spell.name, spell.what) = (texts.next(), texts.next()));
    facts
}

fn hostile_question(texts: &mut Texts<'_>) -> watchkeeper_window::facts::QuestionFacts {
    let mut facts = runs::question();
    let Reading::Now(Some(open)) = &mut facts.question else { panic!("it was read") };
    (open.id, open.what, open.why) = (texts.next(), texts.next(), texts.next());
    open.asks = [(GuardrailCode::NotReady, texts.next())].into();
    facts.known = vec![(texts.next(), texts.next())];
    facts
}

fn hostile_pair(
    texts: &mut Texts<'_>,
    mut facts: watchkeeper_window::facts::FailoverFacts,
) -> watchkeeper_window::facts::FailoverFacts {
    for open in &mut facts.questions {
        (open.id, open.what, open.why) = (texts.next(), texts.next(), texts.next());
        open.asks.values_mut().for_each(|found| *found = texts.next());
    }
    if let Reading::Now(Some(readiness)) = &mut facts.readiness {
        for finding in &mut readiness.findings {
            (finding.resource, finding.found) = (texts.next(), texts.next());
            (finding.expected, finding.advice) = (texts.next(), texts.next());
        }
    }
    if let Reading::Now(Some(last)) = &mut facts.last {
        (last.reason, last.by, last.word) = (texts.next(), Some(texts.next()), Some(texts.next()));
    }
    if let Reading::Now(pointer) = &mut facts.pointer {
        pointer.by = texts.next();
    }
    for region in facts.regions.values_mut() {
        region.lag_ms = Reading::Unread { why: texts.next() };
        region.alarms = Reading::Now([("some-alarm".parse().unwrap(), texts.next())].into());
    }
    let traffic = facts.traffic.as_mut().unwrap();
    (traffic.name, traffic.how) = (texts.next(), Reading::Now(texts.next()));
    facts.singletons.values_mut().for_each(|fence| *fence = texts.next());
    facts
}

fn hostile_backups(texts: &mut Texts<'_>) -> watchkeeper_window::facts::BackupsFacts {
    let mut facts = copies::backups();
    for job in &mut facts.jobs {
        (job.schedule, job.kept) = (texts.next(), texts.next());
        job.ended.iter_mut().for_each(|EndedAttempt { why, .. }| *why = texts.next());
        let Reading::Now(memory) = &mut job.memory else { continue };
        let verified = memory.copies.iter_mut().filter_map(|copy| copy.verified.as_mut());
        verified.flat_map(|it| &mut it.flaws).for_each(|flaw| *flaw = texts.next());
    }
    facts
}

/// Attributes that hold texts for people: only their values may differ.
const TOLD: [&str; 5] = ["title", "aria-label", "confirmation", "placeholder", "value"];

/// The elements of a page in order, each with its attributes; and, of a call, the fields of its JSON.
fn elements(html: &Html) -> Vec<String> {
    let mut found = Vec::new();
    let mut call = false;
    let (_, shown) = html.as_str().split_once("</style>").unwrap();
    for Ok(token) in Tokenizer::new(shown) {
        match token {
            Token::StartTag(tag) => {
                let name = String::from_utf8_lossy(&tag.name).into_owned();
                call = name == "cwdb-action";
                let attributes = tag.attributes.iter().map(|(key, value)| {
                    let key = String::from_utf8_lossy(key).into_owned();
                    let value = String::from_utf8_lossy(value).into_owned();
                    if TOLD.contains(&key.as_str()) || key == "href" { key } else { format!("{key}={value}") }
                });
                found.push(format!("<{name} {}>", attributes.collect::<Vec<_>>().join(" ")));
            }
            Token::EndTag(tag) => {
                call = false;
                found.push(format!("</{}>", String::from_utf8_lossy(&tag.name)));
            }
            Token::String(text) if call => {
                let call: serde_json::Value = serde_json::from_slice(&text).expect("the text of a call is JSON");
                found.push(call.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(","));
            }
            Token::String(_) => {}
            Token::Comment(_) | Token::Doctype(_) => found.push("a comment, which is none of ours".to_owned()),
            Token::Error(error) => found.push(error.value.to_string()),
        }
    }
    found
}

/// What breaks out of a text, an attribute, a style, a script, a comment, a call; and what cannot be seen.
const PIECES: [&str; 24] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "\" onfocus=\"alert(1)",
    "</style>",
    "</cwdb-action><cwdb-action action=\"call\">",
    "<!--",
    "-->",
    "]]>",
    "&lt;b&gt;",
    "&#60;b&#62;",
    "&quot;",
    "javascript:alert(1)",
    "\",\"do\":\"halt-all",
    "\\u003c",
    "\u{0}",
    "\u{202e}",
    "\u{2066}",
    "\u{7f}",
    "\n",
    "</svg>",
    "<svg/onload=alert(1)>",
    "`${x}`",
    "\u{1f9ef}é",
];

/// What markup is made of.
const MARKS: &[u8] = b"<>&\"' =/;-!a";

/// A text of up to four pieces and characters. Short enough that none is cut: what is cut has one more element, by intent.
fn hostile_text(random: &mut fastrand::Rng) -> String {
    let mut text = String::new();
    for _ in 0..random.usize(1..=4) {
        match random.u8(0..4) {
            0 => text.push(random.char(..)),
            1 => text.extend(std::iter::repeat_with(|| char::from(MARKS[random.usize(..MARKS.len())])).take(6)),
            _ => text.push_str(PIECES[random.usize(..PIECES.len())]),
        }
    }
    text.chars().take(79).collect()
}

#[test]
fn a_hundred_thousand_hostile_texts_change_no_element_and_no_attribute() {
    let (harmless, fields) = pages(&["x".to_owned()]);
    let harmless: Vec<Vec<String>> = harmless.iter().map(elements).collect();
    // A set of pages shows as many texts as there are fields, each in its own.
    for set in 0..TEXTS.div_ceil(fields) {
        let mut random = fastrand::Rng::with_seed(set as u64);
        let texts: Vec<String> = std::iter::repeat_with(|| hostile_text(&mut random)).take(fields).collect();
        for (page, harmless) in pages(&texts).0.iter().zip(&harmless) {
            let found = elements(page);
            let differs = found.iter().zip(harmless).find(|(found, harmless)| found != harmless);
            assert!(differs.is_none(), "set {set}: {differs:?}, of {texts:?}");
            assert_eq!(found.len(), harmless.len(), "set {set}: {texts:?}");
            let unseen = |c: char| {
                let turns = ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c);
                turns || (c.is_control() && c != '\n' && c != '\t')
            };
            assert!(!page.as_str().contains(unseen), "set {set}: {texts:?}");
        }
    }
}

#[test]
fn the_check_finds_what_breaks_out_of_a_text() {
    let page = question(&frame(), &runs::question());
    let broken = format!("{}<img src=x onerror=alert(1)>", page.as_str());
    assert_ne!(elements(&page).len(), Tokenizer::new(&broken).count());
    assert_eq!(elements(&page), elements(&question(&frame(), &runs::question())));
}

#[test]
fn a_long_text_is_cut_and_its_whole_is_in_the_title() {
    let mut facts = runs::question();
    let Reading::Now(Some(open)) = &mut facts.question else { panic!("it was read") };
    open.why = "reasons ".repeat(60);
    let page = question(&frame(), &facts);
    assert!(page.as_str().contains(&format!("<span title=\"{}\">", open_why(&facts))), "the whole");
    assert_eq!(page.as_str().matches("reasons ").count(), 60 + 24, "200 characters besides");
}

fn open_why(facts: &watchkeeper_window::facts::QuestionFacts) -> String {
    facts.question.known().unwrap().as_ref().unwrap().why.clone()
}
