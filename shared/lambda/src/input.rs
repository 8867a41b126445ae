//! The input of an execution, as a person or another machine wrote it.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// An input that is no request.
#[derive(Debug, thiserror::Error)]
#[error("the input is no request: {path}")]
pub struct Unreadable {
    path: String,
    source: serde_json::Error,
}

/// Reads the input of an execution.
///
/// # Errors
/// [`Unreadable`] with the place of the first mistake.
pub fn read_input<T: DeserializeOwned>(input: Value) -> Result<T, Unreadable> {
    serde_path_to_error::deserialize(input)
        .map_err(|error| Unreadable { path: error.path().to_string(), source: error.into_inner() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;
    use watchkeeper_domain::request::Request;

    use super::*;
    use crate::errors::Failure;

    #[test]
    fn a_mistake_is_told_once_with_its_place() {
        let error = read_input::<Request>(json!({"estate": "clos-v2", "mode": "aply"})).unwrap_err();
        let failure = Failure::from(error);
        assert_eq!(failure.name.name(), "Request.Invalid");
        let expected = "the input is no request: mode: unknown variant `aply`, expected `plan` or `apply`";
        assert_eq!(failure.message, expected);
    }
}
