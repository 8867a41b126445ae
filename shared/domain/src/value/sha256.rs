//! A SHA-256 digest: what a report and a document are known by.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use sha2::{Digest as _, Sha256 as Hasher};

use super::{BadValue, TextForm, text_value};

/// The digits of a digest, in lower case: 256 bits (FIPS 180-4), four in each.
const DIGITS: usize = 64;

/// A SHA-256 digest, written as 64 hexadecimal digits in lower case, as `sha256sum` writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256(String);

impl Sha256 {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut digits = String::with_capacity(DIGITS);
        for byte in Hasher::digest(bytes) {
            // A string takes all that is written to it.
            let _ = write!(digits, "{byte:02x}");
        }
        Self(digits)
    }

    /// Whether it is the digest of these bytes, found in the same time whatever they are.
    pub fn is_of(&self, bytes: &[u8]) -> bool {
        let other = Self::of(bytes);
        self.0.bytes().zip(other.0.bytes()).fold(0, |differs, (one, other)| differs | (one ^ other)) == 0
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TextForm for Sha256 {
    const FORMAT: &'static str = "sha256";
    const EXPECTED: &'static str = "a SHA-256 digest: 64 hexadecimal digits in lower case";
    const PATTERN: &'static str = "^[0-9a-f]{64}$";
    const EXAMPLES: &'static [&'static str] = &["ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"];
}

impl FromStr for Sha256 {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let fits = text.len() == DIGITS && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        if fits { Ok(Self(text.to_owned())) } else { Err(BadValue::of::<Self>(text)) }
    }
}

text_value!(Sha256);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The digest of `abc` (FIPS 180-4, example of SHA-256).
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_digest_is_written_as_sha256sum_writes_it_and_reads_again() {
        assert_eq!(Sha256::of(b"abc").as_str(), ABC);
        assert_eq!(ABC.parse::<Sha256>().unwrap(), Sha256::of(b"abc"));
    }

    #[test]
    fn what_is_no_digest_is_refused_with_what_was_found() {
        for text in ["", "abc", &ABC.to_uppercase(), &format!("{ABC}0"), &ABC.replace('b', "g")] {
            assert_eq!(text.parse::<Sha256>().unwrap_err().found, text);
        }
    }
}
