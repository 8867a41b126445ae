//! A person, as they sign an answer or a switch: by a name that another person can ask for.

use std::fmt;

/// What a command in a message has in the place of a person's own name.
pub const PLACEHOLDER: &str = "YOUR NAME";

/// The longest name, in characters: it stands in subjects of messages, of which SNS takes 100.
const LONGEST: usize = 64;

/// A person's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName(String);

/// What was given in the place of a person's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found {found}, expected the name of a person, in the place of {PLACEHOLDER}")]
pub struct MissingSignature {
    /// What was found.
    pub found: String,
}

impl PersonName {
    /// Reads a name. What nobody can be asked by is none: nothing, no letter in it, or the placeholder of a message as it
    /// was sent, however it is written.
    ///
    /// # Errors
    /// [`MissingSignature`] with what was found.
    pub fn read(found: Option<&str>) -> Result<Self, MissingSignature> {
        let Some(text) = found.map(str::trim).filter(|text| !text.is_empty()) else {
            return Err(MissingSignature { found: "nothing".to_owned() });
        };
        let letters = |text: &str| -> String {
            text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
        };
        let (own, placeholder) = (letters(text), letters(PLACEHOLDER));
        let shown: String = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        if own.is_empty() || own == placeholder {
            return Err(MissingSignature { found: format!("{shown:?}") });
        }
        Ok(Self(shown))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nothing(None, "nothing")]
    #[case::empty(Some(""), "nothing")]
    #[case::blank(Some(" \t\n"), "nothing")]
    #[case::placeholder(Some("YOUR NAME"), "\"YOUR NAME\"")]
    #[case::in_small_letters(Some("your name"), "\"your name\"")]
    #[case::in_brackets(Some("<Your Name>"), "\"<Your Name>\"")]
    #[case::in_one_word(Some("your_name"), "\"your_name\"")]
    #[case::no_letter(Some("-"), "\"-\"")]
    #[case::a_number(Some("42"), "\"42\"")]
    fn what_names_nobody_is_refused_with_what_was_found(#[case] text: Option<&str>, #[case] found: &str) {
        assert_eq!(PersonName::read(text).unwrap_err().found, found);
    }

    #[rstest]
    #[case("Anna", "Anna")]
    #[case(" Anna Schmidt ", "Anna Schmidt")]
    #[case("李雷", "李雷")]
    #[case("on-call 3", "on-call 3")]
    #[case("a\nb", "ab")]
    fn a_name_is_taken_as_it_is_written(#[case] text: &str, #[case] name: &str) {
        assert_eq!(PersonName::read(Some(text)).unwrap().as_str(), name);
    }

    #[test]
    fn a_name_is_never_longer_than_a_subject_has_room_for() {
        assert_eq!(PersonName::read(Some(&"ü".repeat(5_000))).unwrap().as_str().chars().count(), LONGEST);
    }
}
