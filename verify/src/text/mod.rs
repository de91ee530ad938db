//! Numbers, nouns and names as they are written.

pub mod choice;
pub mod plural;

pub use choice::Choice;
