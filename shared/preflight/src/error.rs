//! Why a preflight could not begin.

/// What was found, and what was expected.
#[derive(Debug, thiserror::Error)]
pub enum PreflightError {
    /// The documents are not right, or not there.
    #[error("the estate documents are not right:\n{0}")]
    Estates(String),
    /// No document gives the name.
    #[error(transparent)]
    Unknown(#[from] watchkeeper_estates::UnknownName),
    /// The region is in no document that was chosen.
    #[error("--region: found {found:?}, expected one in which the chosen documents name something: {known}")]
    Region {
        /// What was asked for.
        found: String,
        /// What there is.
        known: String,
    },
    /// Nobody is signed in.
    #[error(
        "credentials: found none that AWS accepts ({why}), expected those of the SDK's default chain: AWS_PROFILE, the \
         AWS_ACCESS_KEY_ID family, or a role; `aws sts get-caller-identity` has to work, and after another sign-in \
         `eval \"$(aws configure export-credentials --format env)\"` hands it on"
    )]
    Credentials {
        /// What the SDK said.
        why: String,
    },
    /// A name that is given is none.
    #[error("--{field}: {why}")]
    Name {
        /// The argument.
        field: &'static str,
        /// What was found and expected.
        why: String,
    },
    /// The document of a draft cannot be written, or be compared with it.
    #[error("{0}")]
    Document(String),
    /// There is no draft.
    #[error(transparent)]
    Draft(#[from] watchkeeper_estates::draft::DraftProblem),
    /// The template cannot be read as a deploy would.
    #[error("{0}")]
    Template(String),
    /// A file that was asked for cannot be written.
    #[error("{path}: {source}")]
    Write {
        /// The file.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
}
