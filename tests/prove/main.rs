//! Certificates: what the prover makes, and what the checker says of it.

mod certificates;
mod weights;
