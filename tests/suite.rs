//! Oracles, identities, regressions and the command line, in one binary.

#[path = "suite/activation.rs"]
mod activation;
#[path = "suite/block_solver.rs"]
mod block_solver;
#[path = "suite/claim_assumption_3.rs"]
mod claim_assumption_3;
#[path = "suite/claim_graph.rs"]
mod claim_graph;
#[path = "suite/claim_lemma_2.rs"]
mod claim_lemma_2;
#[path = "suite/claim_spectrum.rs"]
mod claim_spectrum;
#[path = "suite/claims_w_q.rs"]
mod claims_w_q;
#[path = "suite/cli.rs"]
mod cli;
#[path = "suite/cli_bad_input.rs"]
mod cli_bad_input;
#[path = "suite/cli_core.rs"]
mod cli_core;
#[path = "suite/cli_evaluate.rs"]
mod cli_evaluate;
#[path = "suite/cli_experiment.rs"]
mod cli_experiment;
#[path = "suite/cli_train.rs"]
mod cli_train;
#[path = "suite/construct.rs"]
mod construct;
#[path = "suite/covariance.rs"]
mod covariance;
#[path = "suite/data.rs"]
mod data;
#[path = "suite/descent.rs"]
mod descent;
#[path = "suite/diff.rs"]
mod diff;
#[path = "suite/docs.rs"]
mod docs;
#[path = "suite/experiment_figure_2.rs"]
mod experiment_figure_2;
#[path = "suite/harmonics.rs"]
mod harmonics;
#[path = "suite/interrupt.rs"]
mod interrupt;
#[path = "suite/jacobi.rs"]
mod jacobi;
#[path = "suite/journal.rs"]
mod journal;
#[path = "suite/least_eigenvalue.rs"]
mod least_eigenvalue;
#[path = "suite/mixed_operator.rs"]
mod mixed_operator;
#[path = "suite/network.rs"]
mod network;
#[path = "suite/npy.rs"]
mod npy;
#[path = "suite/objective.rs"]
mod objective;
#[path = "suite/pipeline.rs"]
mod pipeline;
#[path = "suite/relu_training.rs"]
mod relu_training;
#[path = "suite/report.rs"]
mod report;
#[path = "suite/report_files.rs"]
mod report_files;
#[path = "suite/report_page.rs"]
mod report_page;
#[path = "suite/shard.rs"]
mod shard;
#[path = "suite/sigma_oracles.rs"]
mod sigma_oracles;
#[path = "suite/signs.rs"]
mod signs;
#[path = "suite/solver_accuracy.rs"]
mod solver_accuracy;
#[path = "suite/sphere.rs"]
mod sphere;
#[path = "suite/synthetic.rs"]
mod synthetic;
#[path = "suite/toy.rs"]
mod toy;
#[path = "suite/training.rs"]
mod training;
#[path = "suite/training_projectors.rs"]
mod training_projectors;
#[path = "suite/verify_cli.rs"]
mod verify_cli;
#[path = "suite/watch.rs"]
mod watch;
#[path = "suite/zonal_oracles.rs"]
mod zonal_oracles;
