//! The mathematics against oracles, identities and slow independent routes. The folders are the rooms of
//! `src`.

mod architecture;
mod ball;
#[path = "../support/data.rs"]
mod data;
mod network;
mod objective;
mod activation {
    pub mod shapes;
    pub mod vector;
}
mod construct {
    pub mod displacements;
    pub mod signs;
}
mod covariance {
    pub mod blocks;
    pub mod operator;
    pub mod oracles;
}
mod descent {
    pub mod descend;
    pub mod least;
    pub mod wide;
}
mod eigen {
    pub mod accuracy;
    pub mod block;
    pub mod jacobi;
    pub mod top_space;
}
mod flow {
    pub mod kinks;
    pub mod oracles;
}
mod gaussian {
    pub mod gradient;
    pub mod gram;
    pub mod hermite;
    pub mod invariants;
    pub mod line;
    pub mod series;
    pub mod spiked;
}
mod kernel {
    pub mod arc_cosine;
    pub mod biased;
    pub mod ridge_path;
}
mod margin {
    pub mod finite;
    pub mod global;
    pub mod radius;
    pub mod reference;
    pub mod wide;
}
mod randomised {
    pub mod landscape;
    pub mod laws;
    pub mod multipliers;
    pub mod suprema;
}
mod sphere {
    pub mod cap;
    pub mod harmonics;
    pub mod oracles;
    pub mod zonal;
}
mod training {
    pub mod decay;
    pub mod one_step;
    pub mod projectors;
    pub mod relu;
    pub mod step;
}
