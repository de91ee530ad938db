//! Numbers, nouns and names as they are written.

pub mod choice;
pub mod latex;
pub mod numbers;
pub mod plural;

pub use choice::Choice;
