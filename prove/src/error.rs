//! What can go wrong.

/// Why there is no certificate, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the core refuses.
    #[error(transparent)]
    Core(#[from] escapement::Error),
    /// What cannot be proved, or is no input for a proof.
    #[error("{0}")]
    Input(String),
}

impl Error {
    /// A value that is not allowed, and what is.
    pub(crate) fn domain(name: &'static str, value: impl ToString, allowed: impl Into<String>) -> Self {
        escapement::Error::domain(name, value, allowed).into()
    }
}

/// What a prover returns.
pub type Result<T> = std::result::Result<T, Error>;
