//! One neuron w = (a, v) of a ReLU network while the weights of the inputs stand still.
//!
//! Then `ȧ = s·v` and `v̇ = a s`, with s the weighted sum of the inputs that the neuron sees. Between kinks
//! v·x = 0 of the inputs s is constant, and (a, v) turns hyperbolically in the plane of s: the path is known
//! in closed form, with the times at which it meets kinks, and `a² − ‖v‖²` does not change.
//!
//! On a kink the velocity is the shortest one in the Clarke set. A neuron whose kinks push it back from both
//! sides stays on them and moves along them; one that is pushed off leaves. Inputs on one line through 0
//! share a kink, and are treated as one.

use crate::{Error, Result};
use faer::{Mat, MatRef};

/// How near to a kink a neuron counts as on it, relative to its length.
const ON_KINK: f64 = 1e-12;
/// The most pieces of a path that are followed.
const MOST_PIECES: usize = 10_000;
/// Sweeps of the search for the shortest velocity, and the change at which it ends.
const SWEEPS: usize = 10_000;
const SETTLED: f64 = 1e-15;

/// The lines through 0 on which the inputs lie.
#[derive(Debug, Clone)]
pub(super) struct Kinks {
    /// Unit vectors, one per column, `[d, L]`.
    lines: Mat<f64>,
    /// For each input that is not 0 its index, its line and its place on the line.
    places: Vec<(usize, usize, f64)>,
}

/// What the two sides of each kink add to s: e times `plus` where v·e > 0, and −e times `minus` elsewhere.
pub(super) struct Gains {
    plus: Vec<f64>,
    minus: Vec<f64>,
}

impl Kinks {
    pub(super) fn new(x: MatRef<'_, f64>) -> Self {
        let (n, d) = (x.nrows(), x.ncols());
        let mut lines: Vec<Vec<f64>> = Vec::new();
        let mut places = Vec::new();
        for i in 0..n {
            let norm = x.row(i).norm_l2();
            if norm == 0.0 {
                continue;
            }
            let unit: Vec<f64> = (0..d).map(|c| x[(i, c)] / norm).collect();
            let along = |line: &Vec<f64>| {
                let cosine: f64 = dot(line, &unit);
                let apart = line.iter().zip(&unit).map(|(a, b)| (a - cosine.signum() * b).abs());
                apart.fold(0.0, f64::max) <= 4.0 * f64::EPSILON
            };
            let line = lines.iter().position(along).unwrap_or(lines.len());
            if line == lines.len() {
                lines.push(unit.clone());
            }
            places.push((i, line, norm * dot(&lines[line], &unit).signum()));
        }
        Self { lines: Mat::from_fn(d, lines.len(), |c, l| lines[l][c]), places }
    }

    /// The gains for the weights of the inputs, `c_i y_i/√m`.
    pub(super) fn gains(&self, weights: &[f64]) -> Gains {
        let mut gains = Gains { plus: vec![0.0; self.lines.ncols()], minus: vec![0.0; self.lines.ncols()] };
        for &(i, line, place) in &self.places {
            let side = if place > 0.0 { &mut gains.plus } else { &mut gains.minus };
            side[line] += weights[i] * place.abs();
        }
        gains
    }

    fn line(&self, l: usize) -> &[f64] {
        self.lines.col_as_slice(l)
    }

    /// Moves the neuron `[a, v]` on for the time h.
    ///
    /// # Errors
    /// [`Error::Numerical`] for a path with very many pieces, or that leaves the range of numbers.
    pub(super) fn advance(&self, neuron: &mut [f64], gains: &Gains, h: f64) -> Result<()> {
        let Some((a, v)) = neuron.split_first_mut() else { return Ok(()) };
        let failed = |why| Error::Numerical { what: "the path of a neuron", why: String::from(why) };
        let count = self.lines.ncols();
        let size = (*a * *a + dot(v, v)).sqrt();
        let mut z: Vec<f64> = (0..count).map(|l| dot(self.line(l), v)).collect();
        z.iter_mut().filter(|z| z.abs() <= ON_KINK * size).for_each(|z| *z = 0.0);
        let mut left = h;
        for _ in 0..MOST_PIECES {
            let Some(drive) = self.drive(*a, v, &z, gains) else { return Ok(()) };
            let (rate, along) = (drive.rate, dot(v, &drive.unit));
            // α(t) = p e^{ωt} + q e^{−ωt} for the part α of v along s, and a(t) = p e^{ωt} − q e^{−ωt}.
            let (p, q) = (0.5 * (along + *a), 0.5 * (along - *a));
            let slopes: Vec<f64> = (0..count).map(|l| dot(self.line(l), &drive.unit)).collect();
            let (mut time, mut met) = (left, Met::End);
            let mut earlier = |growth: f64, what: Met| {
                if growth > 1.0 && growth.ln() / rate < time {
                    (time, met) = (growth.ln() / rate, what);
                }
            };
            for l in (0..count).filter(|&l| !drive.slides[l] && slopes[l] != 0.0) {
                if z[l] == 0.0 {
                    // It has just left the kink; α comes back to its value where e^{ωt} = q/p.
                    earlier(q / p, Met::Kink(l));
                } else {
                    let target = along - z[l] / slopes[l];
                    roots(p, q, target).into_iter().for_each(|growth| earlier(growth, Met::Kink(l)));
                }
            }
            if drive.slides.contains(&true) && q / p > 1.0 && p * q > 0.0 {
                // Where a changes its sign, kinks that held the neuron let it go.
                earlier((q / p).sqrt(), Met::Sign);
            }
            let (grow, fall) = ((rate * time).exp_m1(), (-rate * time).exp_m1());
            let moved = match met {
                Met::Kink(l) if z[l] != 0.0 => -z[l] / slopes[l],
                _ => p * grow + q * fall,
            };
            *a = if met == Met::Sign { 0.0 } else { *a + p * grow - q * fall };
            v.iter_mut().zip(&drive.unit).for_each(|(v, u)| *v += moved * u);
            for l in 0..count {
                z[l] = if drive.slides[l] || met == Met::Kink(l) { 0.0 } else { z[l] + moved * slopes[l] };
            }
            left -= time;
            if !(a.is_finite() && moved.is_finite()) {
                return Err(failed("it leaves the range of numbers"));
            }
            if met == Met::End {
                return Ok(());
            }
        }
        Err(failed("it has too many pieces"))
    }

    /// s where the neuron is; `None` where it stands still.
    fn drive(&self, a: f64, v: &[f64], z: &[f64], gains: &Gains) -> Option<Drive> {
        let mut s = vec![0.0; v.len()];
        let add = |s: &mut Vec<f64>, l: usize, factor: f64| {
            s.iter_mut().zip(self.line(l)).for_each(|(s, e)| *s += factor * e);
        };
        let side = |l: usize, positive: bool| if positive { gains.plus[l] } else { -gains.minus[l] };
        (0..z.len()).filter(|&l| z[l] != 0.0).for_each(|l| add(&mut s, l, side(l, z[l] > 0.0)));
        // At a = 0 the sign of ȧ, to which kinks add nothing.
        let sign =
            if a == 0.0 { dot(&s, v).signum() * f64::from(u8::from(dot(&s, v) != 0.0)) } else { a.signum() };
        if sign == 0.0 {
            return None;
        }
        let mut slides: Vec<bool> = z.iter().map(|&z| z == 0.0).collect();
        while slides.contains(&true) {
            let (shortest, size) = self.shortest(&s, &slides, gains);
            let push = |l: usize| sign * dot(&shortest, self.line(l));
            let leaving: Vec<usize> =
                (0..z.len()).filter(|&l| slides[l] && push(l).abs() > ON_KINK * size).collect();
            if leaving.is_empty() {
                s = shortest;
                break;
            }
            for l in leaving {
                slides[l] = false;
                add(&mut s, l, side(l, push(l) > 0.0));
            }
        }
        let rate = dot(&s, &s).sqrt();
        if rate == 0.0 {
            return None;
        }
        Some(Drive { unit: s.iter().map(|s| s / rate).collect(), rate, slides })
    }

    /// The shortest of the vectors s + Σ (θ_l plus_l − (1 − θ_l) minus_l) e_l over θ in [0, 1], for the kinks
    /// that the neuron is on, by descent in one coordinate after another, and the size of what was added.
    fn shortest(&self, s: &[f64], on: &[bool], gains: &Gains) -> (Vec<f64>, f64) {
        let mut s = s.to_vec();
        let mut size = dot(&s, &s).sqrt();
        let on: Vec<usize> = (0..on.len()).filter(|&l| on[l]).collect();
        let mut theta = vec![0.5; on.len()];
        for &l in &on {
            let middle = 0.5 * (gains.plus[l] - gains.minus[l]);
            s.iter_mut().zip(self.line(l)).for_each(|(s, e)| *s += middle * e);
            size += gains.plus[l].abs() + gains.minus[l].abs();
        }
        for _ in 0..SWEEPS {
            let mut change = 0.0_f64;
            for (theta, &l) in theta.iter_mut().zip(&on) {
                let jump = gains.plus[l] + gains.minus[l];
                if jump == 0.0 {
                    continue;
                }
                let best = (*theta - dot(&s, self.line(l)) / jump).clamp(0.0, 1.0);
                let moved = (best - *theta) * jump;
                s.iter_mut().zip(self.line(l)).for_each(|(s, e)| *s += moved * e);
                (*theta, change) = (best, change.max(moved.abs()));
            }
            if change <= SETTLED * size {
                break;
            }
        }
        (s, size)
    }
}

/// How a piece of a path ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Met {
    /// With the time.
    End,
    /// On this kink.
    Kink(usize),
    /// Where a changes its sign.
    Sign,
}

/// s = rate·unit, and the kinks along which the neuron moves.
struct Drive {
    unit: Vec<f64>,
    rate: f64,
    slides: Vec<bool>,
}

/// The values of e^{ωt} at which `p e^{ωt} + q e^{−ωt}` is the target.
fn roots(p: f64, q: f64, target: f64) -> [f64; 2] {
    let square = target * target - 4.0 * p * q;
    if square < 0.0 {
        return [0.0; 2];
    }
    let sum = 0.5 * (target + square.sqrt().copysign(target));
    [sum / p, q / sum].map(|root| if root.is_finite() { root } else { 0.0 })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed;
    use rand_distr::{Distribution, StandardNormal};

    /// Explicit Euler steps with the slope 0 at kinks, which chatter along the kinks that attract.
    fn euler(kinks: &Kinks, neuron: &[f64], gains: &Gains, h: f64, steps: usize) -> Vec<f64> {
        let mut w = neuron.to_vec();
        for _ in 0..steps {
            let mut s = vec![0.0; w.len() - 1];
            for l in 0..kinks.lines.ncols() {
                let z = dot(kinks.line(l), &w[1..]);
                let factor = if z > 0.0 { gains.plus[l] } else { -gains.minus[l] };
                s.iter_mut().zip(kinks.line(l)).for_each(|(s, e)| *s += factor * e);
            }
            let (a, rise) = (w[0], dot(&s, &w[1..]));
            w[0] += h / steps as f64 * rise;
            w[1..].iter_mut().zip(&s).for_each(|(v, s)| *v += h / steps as f64 * a * s);
        }
        w
    }

    /// Paths through many kinks, sliding ones among them, against short Euler steps.
    #[test]
    fn paths_are_limits_of_euler_steps() {
        let rng = &mut seed::stream(5, "flow", "neuron");
        let mut normal = |n: usize| (0..n).map(|_| StandardNormal.sample(rng)).collect::<Vec<f64>>();
        let (mut slid, steps) = (0, 40_000);
        for trial in 0..60 {
            let d = 2 + trial % 3;
            let points = normal(6 * d);
            // Every third input is opposite to the one before.
            let x =
                Mat::from_fn(
                    6,
                    d,
                    |i, c| if i % 3 == 2 { -points[(i - 1) * d + c] } else { points[i * d + c] },
                );
            let kinks = Kinks::new(x.as_ref());
            assert_eq!(kinks.lines.ncols(), 4);
            let gains = kinks.gains(&normal(6));
            let start = normal(1 + d);
            let mut end = start.clone();
            kinks.advance(&mut end, &gains, 1.0).unwrap();
            let slow = euler(&kinks, &start, &gains, 1.0, steps);
            let conserved = |w: &[f64]| w[0] * w[0] - dot(&w[1..], &w[1..]);
            let size = dot(&start, &start).max(dot(&end, &end));
            assert!((conserved(&end) - conserved(&start)).abs() <= 1e3 * f64::EPSILON * size, "{trial}");
            // The rate is at most the sum of all gains; Euler errs by the square of it, half a step each, and
            // grows by its exponential.
            let rate: f64 = gains.plus.iter().chain(&gains.minus).map(|g| g.abs()).sum();
            let allowed = rate * rate * rate.exp() / steps as f64 * size.sqrt();
            for (fast, slow) in end.iter().zip(&slow) {
                assert!((fast - slow).abs() <= allowed, "{trial}: {end:?} for {slow:?} within {allowed:e}");
            }
            let length = size.sqrt();
            slid += (0..4).filter(|&l| dot(kinks.line(l), &end[1..]).abs() <= ON_KINK * length).count();
        }
        assert!(slid >= 10, "only {slid} ended on a kink");
    }

    /// The shortest velocity is that of a fine grid over the sides of two kinks.
    #[test]
    fn the_velocity_on_kinks_is_the_shortest() {
        let x = faer::mat![[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]];
        let kinks = Kinks::new(x.as_ref());
        for (weights, base) in [([1.0, -2.0, 0.5], [0.3, 0.4, 0.1]), ([-1.0, 0.7, 0.0], [2.0, -0.3, 0.0])] {
            let gains = kinks.gains(&weights);
            let (found, _) = kinks.shortest(&base, &[true, true, false], &gains);
            let mut least = f64::INFINITY;
            for i in 0..=1000 {
                for k in 0..=1000 {
                    let theta = [f64::from(i) / 1000.0, f64::from(k) / 1000.0];
                    let s: Vec<f64> = (0..3)
                        .map(|c| {
                            base[c]
                                + (0..2).map(|l| theta[l] * gains.plus[l] * kinks.line(l)[c]).sum::<f64>()
                        })
                        .collect();
                    least = least.min(dot(&s, &s));
                }
            }
            let square = dot(&found, &found);
            assert!(square <= least && least - square < 1e-2, "{square} for {least}");
        }
    }

    #[test]
    fn a_neuron_that_sees_nothing_stands_still() {
        let x = faer::mat![[1.0, 0.0], [0.0, 1.0]];
        let kinks = Kinks::new(x.as_ref());
        let gains = kinks.gains(&[1.0, -1.0]);
        for start in [[1.0, -0.5, -2.0], [0.0, 0.0, 0.0]] {
            let mut neuron = start;
            kinks.advance(&mut neuron, &gains, 10.0).unwrap();
            assert_eq!(neuron, start);
        }
    }
}
