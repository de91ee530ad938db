//! What the claims of each paper measure, held to independent routes. The folders are those of
//! `verify/src/papers`.

mod bl20 {
    pub mod expressivity;
    pub mod learner;
}
mod dls22 {
    pub mod bounds;
    pub mod construction;
    pub mod families;
    pub mod figures;
    pub mod learning;
    pub mod targets;
}
mod nbl22 {
    pub mod assumption_3;
    pub mod lemma_2;
    pub mod spectrum;
    pub mod w_q;
}
mod t22 {
    pub mod margins;
}
