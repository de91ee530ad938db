//! From records to verdicts, and the journal between them. The folders are the rooms of `verify/src`.

#[path = "../support/synthetic.rs"]
mod synthetic;
mod claim {
    pub mod distribution;
}
mod judge {
    pub mod line;
    pub mod pipeline;
    pub mod real_parameter;
}
mod run {
    pub mod journal;
}
mod certify;
mod certify_weights;
mod table;
