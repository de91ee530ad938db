//! Certificates: what the prover makes, and what the checker says of it.

mod certificates;
mod weights;

use escapement_check::certificate::{Reader, read};
use escapement_check::{sha256::sha256, statement::statement};

/// A file with the words and the hash that follow from its fields, as a forger writes them. Whatever follows
/// the claims is dropped.
fn seal(text: &str) -> String {
    let mut reader = Reader(text);
    let statement = statement(&read(&mut reader).unwrap()).unwrap();
    let fields = &text[..text.len() - reader.0.len()];
    let signed = format!("{fields},\n\"statement\": \"{statement}\",\n");
    format!("{signed}\"sha256\": \"{}\"}}", sha256(signed.as_bytes()))
}
