//! Claims about the landscape of L_λ: what stationary points must be like.

mod case;
mod closed;
pub mod corollary_1;
mod infinite;
pub mod lemma_3;
mod points;
mod terms;
