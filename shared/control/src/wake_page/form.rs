//! What the button of a wake page sends.

use form_urlencoded::parse;

/// The hidden field of the button, the first of its form; and the name of the cookie that a press leaves for some seconds.
pub const FIELD: &str = watchkeeper_window::page::WAKE_FIELD;
/// The field for the word that has to be typed.
const TOKEN: &str = watchkeeper_window::page::TOKEN_FIELD;

/// The longest form, in bytes: the names of an environment and a word.
const LONGEST: usize = 4096;

/// What the button of a wake page sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ButtonForm {
    /// Which environment's page it was.
    pub environment: String,
    /// The word that was typed; empty where none was.
    pub token: String,
}

/// A form that is not the button's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: found {found}, expected {expected}")]
pub struct BadForm {
    /// Which field, or `body`.
    pub field: String,
    /// What was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

impl ButtonForm {
    /// Reads a form.
    ///
    /// # Errors
    /// [`BadForm`] for one that is too long, that is no text, or that has another field, or one twice.
    pub(super) fn read(body: &[u8]) -> Result<Self, BadForm> {
        let bad = |field: &str, found: String, expected: &str| BadForm {
            field: field.to_owned(),
            found,
            expected: expected.to_owned(),
        };
        if body.len() > LONGEST {
            return Err(bad("body", format!("{} bytes", body.len()), "the form of this page, of at most 4096"));
        }
        let (mut environment, mut token) = (None, None);
        for (field, value) in parse(body) {
            // What is no UTF-8 has become this character.
            if value.contains('\u{fffd}') {
                return Err(bad(&field, "bytes that are no text".to_owned(), "text in UTF-8"));
            }
            let place = match field.as_ref() {
                FIELD => &mut environment,
                TOKEN => &mut token,
                other => {
                    return Err(bad(other, "a field of another form".to_owned(), "the fields of this page's form"));
                }
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(bad(&field, "the field a second time".to_owned(), "it once"));
            }
        }
        Ok(Self { environment: environment.unwrap_or_default(), token: token.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_form_has_its_environment_and_the_word_as_it_was_typed() {
        let form = ButtonForm::read(b"watchkeeper-wake=shop%2Fdev&token=gr%C3%BCn+%26+blau").unwrap();
        assert_eq!((form.environment.as_str(), form.token.as_str()), ("shop/dev", "grün & blau"));
    }

    #[rstest]
    #[case::too_long(&[b'a'; 5000], "body: found 5000 bytes, expected the form of this page, of at most 4096")]
    #[case::no_text(b"watchkeeper-wake=%ff", "watchkeeper-wake: found bytes that are no text, expected text in UTF-8")]
    #[case::another_field(
        b"watchkeeper-wake=a&until=9d",
        "until: found a field of another form, expected the fields of this page's form"
    )]
    #[case::twice(b"watchkeeper-wake=a&token=b&token=c", "token: found the field a second time, expected it once")]
    fn another_form_is_named(#[case] body: &[u8], #[case] expected: &str) {
        assert_eq!(ButtonForm::read(body).unwrap_err().to_string(), expected);
    }
}
