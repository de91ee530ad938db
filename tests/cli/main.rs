//! The command line as a user meets it, and the report as a reader does. The folders are the rooms of
//! `verify/cli/src`.

mod bad_input;
mod cases;
#[path = "../support/data.rs"]
mod data;
mod docs;
mod messages;
mod process;
#[path = "../support/synthetic.rs"]
mod synthetic;
#[path = "../support/toy.rs"]
mod toy;
mod compute {
    pub mod core;
    pub mod evaluate;
    pub mod gaussian;
    pub mod kernel;
    pub mod learn;
    pub mod margin;
    pub mod randomised;
    pub mod train;
}
mod files {
    pub mod array;
    pub mod stdout;
    pub mod target;
}
mod report {
    pub mod assemble;
    pub mod command;
    pub mod control;
    pub mod files;
    pub mod page;
    pub mod palette;
    pub mod plot;
}
mod terminal {
    pub mod interrupt;
    pub mod output;
}
mod verify {
    pub mod bl20_sample_size;
    pub mod certify;
    pub mod commands;
    pub mod diff;
    pub mod dls22_figures;
    pub mod experiment;
    pub mod figure_2;
    pub mod graph;
    pub mod judge;
    pub mod oracle;
    pub mod plot;
    pub mod shard;
    pub mod thresholds;
}
