//! Samples for Algorithm 1: of a target with noise, or somebody's own with a part held out.

use escapement::gaussian::MultiIndexModel;
use escapement::training::one_step::standard_normal;
use escapement::{Error, Result, seed};
use faer::{Mat, MatRef};
use rand_distr::{Distribution, StandardNormal};

/// Inputs and their labels.
#[derive(Debug, Clone)]
pub struct Sample {
    /// `[n, d]`.
    pub x: Mat<f64>,
    /// `[n]`.
    pub y: Vec<f64>,
}

/// The noise ϵ of the labels y = f*(x) + ϵ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Noise {
    /// ±ς with equal probability, as printed.
    Signs(f64),
    /// Normal with standard deviation ς, as run.
    Normal(f64),
}

impl Noise {
    /// ς.
    pub fn size(self) -> f64 {
        match self {
            Self::Signs(size) | Self::Normal(size) => size,
        }
    }

    /// `E|δ − ϵ| − E|ϵ|`, what an error δ costs in the L1 loss. For signs it is (|δ| − ς)_+.
    pub fn excess(self, delta: f64) -> f64 {
        let delta = delta.abs();
        match self {
            Self::Signs(size) => (delta - size).max(0.0),
            Self::Normal(0.0) => delta,
            Self::Normal(size) => {
                let t = delta / size;
                let bulk = (2.0 / std::f64::consts::PI).sqrt() * (-0.5 * t * t).exp_m1();
                size * bulk + delta * libm::erf(t * std::f64::consts::FRAC_1_SQRT_2)
            }
        }
    }

    pub(super) fn add(self, y: &mut [f64], stream: &mut seed::ChaCha20Rng) {
        let size = self.size();
        for y in y {
            let z: f64 = StandardNormal.sample(stream);
            *y += match self {
                Self::Signs(_) => size.copysign(z),
                Self::Normal(_) => size * z,
            };
        }
    }
}

/// How many inputs of each kind are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// For the step and the head, at least 2.
    pub n: usize,
    /// For the choice of the decay, at least 1.
    pub validation: usize,
    /// For the errors, at least 2.
    pub test: usize,
}

impl Sizes {
    /// # Errors
    /// [`Error::Domain`] for a size that is too small.
    pub fn check(self) -> Result<()> {
        for (name, size, least) in
            [("n", self.n, 2), ("validation", self.validation, 1), ("test", self.test, 2)]
        {
            if size < least {
                return Err(Error::domain(name, size, format!("at least {least} samples are needed")));
            }
        }
        Ok(())
    }
}

/// What Algorithm 1 is run on.
#[derive(Debug, Clone)]
pub struct Data {
    /// For α, β, the step and the head.
    pub train: Sample,
    /// For the choice of the decay.
    pub validation: Sample,
    /// The target and fresh inputs, where it is known.
    pub truth: Option<Truth>,
    /// Where the sample is somebody's own, the rows of it that are the validation sample, counted from 0.
    pub held_out: Option<Vec<usize>>,
}

/// A known target.
#[derive(Debug, Clone)]
pub struct Truth {
    /// An orthonormal basis of S*, `[r, d]`.
    pub frame: Mat<f64>,
    /// The noise of the labels.
    pub noise: Noise,
    /// Fresh inputs and f* there.
    pub test: Sample,
}

impl Data {
    /// Draws samples of a target. A larger n begins with the same inputs, and with the same noise.
    ///
    /// # Errors
    /// Sizes that are too small, and a ς that is negative or not finite.
    pub fn draw(model: &MultiIndexModel, sizes: Sizes, noise: Noise, seed: u64) -> Result<Self> {
        sizes.check()?;
        if !(noise.size() >= 0.0 && noise.size().is_finite()) {
            return Err(Error::domain("the noise ς", noise.size(), "it must be finite and at least 0"));
        }
        let (d, key) = (model.d(), format!("learn d={}", model.d()));
        let draw = |purpose: &str, n: usize| -> Result<Sample> {
            let x = inputs(&mut seed::stream(seed, &key, purpose), n, d);
            let y = model.values(x.as_ref())?;
            Ok(Sample { x, y })
        };
        let (mut train, mut validation) = (draw("inputs", sizes.n)?, draw("validation", sizes.validation)?);
        noise.add(&mut train.y, &mut seed::stream(seed, &key, "noise"));
        noise.add(&mut validation.y, &mut seed::stream(seed, &key, "noise of the validation"));
        let frame = model.frame();
        let frame = Mat::from_fn(frame.len(), d, |i, j| frame[i][j].value);
        let truth = Some(Truth { frame, noise, test: draw("test", sizes.test)? });
        Ok(Self { train, validation, truth, held_out: None })
    }

    /// Holds a tenth of somebody's own sample out, drawn from the seed: one input at least.
    ///
    /// # Errors
    /// [`Error::Shape`] for another number of labels than of inputs, [`Error::Domain`] for less than three
    /// inputs.
    pub fn split(x: MatRef<'_, f64>, y: &[f64], seed: u64) -> Result<Self> {
        let (n, d) = (x.nrows(), x.ncols());
        if y.len() != n {
            let expected = format!("{n}, 1");
            return Err(Error::Shape { name: "the labels", rows: y.len(), cols: 1, expected });
        }
        if n < 3 {
            return Err(Error::domain("n", n, "at least 3 samples are needed, because one is held out"));
        }
        let keys = standard_normal(&mut seed::stream(seed, &format!("learn n={n}"), "held out"), n);
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]));
        let (held_out, rest) = order.split_at_mut((n / 10).max(1));
        held_out.sort_unstable();
        rest.sort_unstable();
        let part = |rows: &[usize]| Sample {
            x: Mat::from_fn(rows.len(), d, |i, j| x[(rows[i], j)]),
            y: rows.iter().map(|&i| y[i]).collect(),
        };
        let (train, validation) = (part(rest), part(held_out));
        Ok(Self { train, validation, truth: None, held_out: Some(held_out.to_vec()) })
    }
}

/// Standard normal inputs, one after the other.
pub(super) fn inputs(stream: &mut seed::ChaCha20Rng, n: usize, d: usize) -> Mat<f64> {
    let mut x = Mat::zeros(n, d);
    for i in 0..n {
        for j in 0..d {
            x[(i, j)] = StandardNormal.sample(stream);
        }
    }
    x
}
