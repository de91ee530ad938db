//! The risks of kernel ridge regression, of one gradient step and of principal components against β.
//!
//! Targets are `(h_k + h_3)/√2` of the spike with k = 1 and k = 2, and n = d. The kernel is `Σ_l (x·x'/d)^l/l!`
//! to degree 3, with the ridge that has the least risk of a grid; its risk is exact for the sample. One step
//! and the first principal component give a direction û each, and the best polynomial of û·x has the risk
//! `Σ_j α_j²(1 − ρ̂^{2j})`. The step is taken with the labels, and with those of another sample.
