//! Lines of a document: values, facts beside them, questions, and sections that wait for an answer.

use std::fmt::{Display, Write as _};

/// A document that is being written.
#[derive(Debug, Clone, Default)]
pub(crate) struct DocumentText {
    pub(crate) text: String,
    /// Places where a person has to decide something.
    pub(crate) questions: usize,
}

impl DocumentText {
    fn put(&mut self, depth: usize, line: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{:indent$}{line}", "", indent = depth * 2);
    }

    /// An empty line.
    pub(crate) fn gap(&mut self) {
        self.text.push('\n');
    }

    /// A value, with a remark where there is one.
    pub(crate) fn value(&mut self, depth: usize, yaml: &str, remark: Option<&str>) {
        match remark.filter(|remark| !remark.is_empty()) {
            Some(remark) => self.put(depth, &format!("{yaml} # {remark}")),
            None => self.put(depth, yaml),
        }
    }

    /// A value that a person has to confirm.
    pub(crate) fn asked(&mut self, depth: usize, yaml: &str, question: &str) {
        self.questions += 1;
        self.put(depth, &format!("{yaml} # ? {question}"));
    }

    /// A remark.
    pub(crate) fn note(&mut self, depth: usize, remark: &str) {
        self.put(depth, format!("# {remark}").trim_end());
    }

    /// A question.
    pub(crate) fn ask(&mut self, depth: usize, question: &str) {
        self.questions += 1;
        self.note(depth, &format!("? {question}"));
    }

    /// A line of a section that counts once somebody takes its `# ` away.
    pub(crate) fn off(&mut self, depth: usize, below: usize, yaml: &str, remark: Option<&str>) {
        let remark = remark.map(|remark| format!(" # {remark}")).unwrap_or_default();
        self.put(depth, &format!("# {:indent$}{yaml}{remark}", "", indent = below * 2));
    }
}

/// A text as YAML: as it is where it can be nothing else, else in quotes. JSON's quotes are YAML's, too (YAML 1.2.2, section 1.2).
pub(crate) fn scalar(text: &str) -> String {
    // Words that some reader or other takes for something else than a text.
    const TAKEN: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
        && !TAKEN.iter().any(|taken| text.eq_ignore_ascii_case(taken));
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Texts as a YAML list of one line.
pub(crate) fn list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", texts.map(scalar).collect::<Vec<_>>().join(", "))
}

/// A number and its noun.
pub(crate) fn counted<N: Copy + PartialEq + From<u8> + Display>(number: N, noun: &str) -> String {
    if number == N::from(1) { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_that_could_be_something_else_is_quoted() {
        for plain in ["shop-api", "AWS/ECS", "a.b_c", "nope"] {
            assert_eq!(scalar(plain), plain);
        }
        for (text, yaml) in
            [("on", "\"on\""), ("Null", "\"Null\""), ("1e3", "\"1e3\""), ("a: b", "\"a: b\""), ("é\"", "\"é\\\"\"")]
        {
            assert_eq!(scalar(text), yaml);
        }
        assert_eq!((counted(1_u32, "alarm"), counted(0_u32, "alarm")), ("1 alarm".into(), "0 alarms".into()));
    }

    proptest! {
        /// As a key, as a value, and in a list of one line.
        #[test]
        fn any_text_is_read_as_it_was_written(text in "[\\PC\t]{1,20}|[a-zA-Z0-9_.:#{}\\[\\],&*!|>'\"%@` -]{1,8}") {
            let yaml = format!("{}: {}\nlist: {}\n", scalar(&text), scalar(&text), list([text.as_str()].into_iter()));
            prop_assume!(text != "list");
            let (tree, doubles) = crate::yaml::read(&yaml).map_err(|error| TestCaseError::fail(format!("{error:?}: {yaml}")))?;
            prop_assert!(doubles.is_empty());
            prop_assert_eq!(tree.to_json(), serde_json::json!({&text: &text, "list": [&text]}));
        }
    }
}
