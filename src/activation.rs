//! Activations σ through their third derivative, and the suprema that Assumption 2 asks about.
