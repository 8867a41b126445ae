//! A SHA-256 digest: what a report and a document are known by.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use sha2::{Digest as _, Sha256 as Hasher};

use super::BadValue;

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

impl FromStr for Sha256 {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let fits = text.len() == DIGITS && text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        let expected = "a SHA-256 digest: 64 hexadecimal digits in lower case".to_owned();
        fits.then(|| Self(text.to_owned())).ok_or(BadValue { found: text.to_owned(), expected })
    }
}

impl serde::Serialize for Sha256 {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Sha256 {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

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
