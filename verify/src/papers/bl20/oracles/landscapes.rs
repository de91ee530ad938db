//! Values, slopes along W and curvatures along W* of the objectives, with λ‖W‖_{2,4}^8.

use super::laws::LOSSES;
use super::{AGREEMENT, inputs, paired};
use crate::error::Result;
use crate::oracle::{Entry, Sheet};
use escapement::activation::Derivative;
use escapement::eigen;
use escapement::network::PairedNetwork;
use escapement::objective::Loss;
use escapement::randomised::{RandomisedSquare, mean_curvature_of_quadratic};
use faer::{Mat, MatRef, Par};

/// The most neurons whose signs are enumerated.
const MOST: usize = 16;

/// Value, slope along W, mean curvature along W* with random signs, and curvature along W* itself.
#[derive(Debug, Clone, Copy, Default)]
struct Numbers {
    value: f64,
    radial: f64,
    mean_curvature: f64,
    curvature_no_signs: f64,
}

impl Numbers {
    fn plus(self, factor: f64, other: Self) -> Self {
        Self {
            value: self.value + factor * other.value,
            radial: self.radial + factor * other.radial,
            mean_curvature: self.mean_curvature + factor * other.mean_curvature,
            curvature_no_signs: self.curvature_no_signs + factor * other.curvature_no_signs,
        }
    }

    fn compare(self, part: &Entry<'_>, sheet: &mut Sheet, name: &str) -> Result<()> {
        let largest = [self.value, self.radial, self.mean_curvature, self.curvature_no_signs]
            .iter()
            .fold(0.0, |m: f64, v| m.max(v.abs()));
        for (field, found) in [
            ("value", self.value),
            ("radial", self.radial),
            ("mean_curvature", self.mean_curvature),
            ("curvature_no_signs", self.curvature_no_signs),
        ] {
            if part.has(field) {
                let text = format!("{field} ({name})");
                sheet.number(&text, part.number(field)?, found, AGREEMENT * largest)?;
            }
        }
        Ok(())
    }
}

/// The numbers of ‖W‖_F², ‖W‖_{2,4}^4 and ‖W‖_{2,4}^8.
fn norms(w: MatRef<'_, f64>, v: MatRef<'_, f64>) -> [Numbers; 3] {
    let [mut square, mut fourth] = [Numbers::default(); 2];
    let (mut slope, mut slopes) = (0.0, 0.0);
    for r in 0..w.nrows() {
        let (ww, vv) = (w.row(r).squared_norm_l2(), v.row(r).squared_norm_l2());
        let wv = w.row(r) * v.row(r).transpose();
        let one =
            Numbers { value: ww, radial: 2.0 * ww, mean_curvature: 2.0 * vv, curvature_no_signs: 2.0 * vv };
        square = square.plus(1.0, one);
        let curvature = 4.0 * ww * vv + 8.0 * wv * wv;
        let one = Numbers {
            value: ww * ww,
            radial: 4.0 * ww * ww,
            mean_curvature: curvature,
            curvature_no_signs: curvature,
        };
        fourth = fourth.plus(1.0, one);
        slope += 4.0 * ww * wv;
        slopes += (4.0 * ww * wv).powi(2);
    }
    let eighth = Numbers {
        value: fourth.value.powi(2),
        radial: 2.0 * fourth.value * fourth.radial,
        mean_curvature: 2.0 * (slopes + fourth.value * fourth.mean_curvature),
        curvature_no_signs: 2.0 * (slope * slope + fourth.value * fourth.curvature_no_signs),
    };
    [square, fourth, eighth]
}

/// Norms.
pub(super) fn regulariser(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let [m, d] = [entry.length("W")?, entry.columns("W")?];
    let [w, v] = ["W", "V"].map(|name| entry.matrix(name, m, d));
    for (name, found) in ["frobenius2", "norm24_4", "norm24_8"].iter().zip(norms(w?.as_ref(), v?.as_ref())) {
        if entry.has(name) {
            found.compare(&entry.part(name)?, sheet, name)?;
        }
    }
    Ok(())
}

/// What an objective is a function of.
struct Place<'a> {
    net: &'a PairedNetwork,
    x: MatRef<'a, f64>,
    w: MatRef<'a, f64>,
    star: MatRef<'a, f64>,
    y: &'a [f64],
}

impl Place<'_> {
    /// The objective of the quadratic model.
    fn quadratic(&self, loss: Loss) -> escapement::Result<Numbers> {
        let f = |w: MatRef<'_, f64>| self.net.f_quadratic(self.x, w, Par::Seq);
        let sum = Mat::from_fn(self.w.nrows(), self.w.ncols(), |r, i| self.w[(r, i)] + self.star[(r, i)]);
        let (at, star, both) = (f(self.w)?, f(self.star)?, f(sum.as_ref())?);
        let n = self.y.len() as f64;
        let mut out = Numbers {
            mean_curvature: mean_curvature_of_quadratic(
                self.net,
                loss,
                [self.x, self.w, self.star],
                self.y,
                Par::Seq,
            )?,
            value: loss.mean(self.y, &at)?,
            ..Numbers::default()
        };
        for (i, y) in self.y.iter().enumerate() {
            let (slope, curvature) = (loss.d1(*y, at[i]), loss.d2(*y, at[i]));
            out.radial += 2.0 * slope * at[i] / n;
            let along = both[i] - at[i] - star[i];
            out.curvature_no_signs += (2.0 * slope * star[i] + curvature * along * along) / n;
        }
        Ok(out)
    }

    /// The randomised objective, as a sum over all signs.
    fn randomised(&self, loss: Loss) -> Numbers {
        let (net, sigma) = (self.net, self.net.activation());
        let (m, n, p) = (net.m(), self.y.len(), net.p());
        let (z, u, v) = (
            self.x * net.weights().transpose(),
            self.x * self.w.transpose(),
            self.x * self.star.transpose(),
        );
        let (scale, each) = ((m as f64).sqrt().recip(), 1.0 / ((1_usize << m) * n) as f64);
        let mut out = Numbers::default();
        for (code, i) in (0..1_usize << m).flat_map(|code| (0..n).map(move |i| (code, i))) {
            let [mut f, mut radial, mut along, mut squares, mut bend] = [0.0; 5];
            for r in 0..m {
                let sign = if code >> r & 1 == 0 { 1.0 } else { -1.0 };
                let (u, v, a) = (sign * u[(i, r)], v[(i, r)], scale * net.sign(r));
                let at = |order| sigma.at(order, z[(i, r % p)] + u);
                let first = a * at(Derivative::First);
                f += a * at(Derivative::Value);
                radial += first * u;
                along += first * sign * v;
                squares += (first * v).powi(2);
                bend += a * at(Derivative::Second) * v * v;
            }
            let (slope, curvature) = (loss.d1(self.y[i], f), loss.d2(self.y[i], f));
            let one = Numbers {
                value: loss.value(self.y[i], f),
                radial: slope * radial,
                mean_curvature: curvature * squares + slope * bend,
                curvature_no_signs: curvature * along * along + slope * bend,
            };
            out = out.plus(each, one);
        }
        out
    }

    /// The eigenvalues, ascending, of the Hessian of the randomised objective at W = 0: those of its blocks
    /// `P_r/m + a_r Q_r/√m`.
    fn at_origin(&self, loss: Loss, factor: f64) -> escapement::Result<Vec<f64>> {
        let (net, m) = (self.net, self.net.m());
        let n = self.y.len() as f64;
        let z = self.x * net.weights().transpose();
        let mut all = Vec::with_capacity(m * net.d());
        for r in 0..m {
            let weight = |i: usize| {
                let at = |order| net.activation().at(order, z[(i, r % net.p())]);
                let squares = loss.d2(self.y[i], 0.0) * at(Derivative::First).powi(2) / m as f64;
                let bend =
                    loss.d1(self.y[i], 0.0) * net.sign(r) * at(Derivative::Second) / (m as f64).sqrt();
                factor * (squares + bend) / n
            };
            let scaled = Mat::from_fn(self.y.len(), net.d(), |i, c| weight(i) * self.x[(i, c)]);
            let block = scaled.transpose() * self.x;
            all.extend(eigen::full_eigenvalues(block.as_ref(), Par::Seq)?);
        }
        all.sort_by(f64::total_cmp);
        Ok(all)
    }
}

/// The objectives of both models.
pub(super) fn landscape(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (net, x) = (paired(entry)?, inputs(entry)?);
    let (m, d, n) = (net.m(), net.d(), x.nrows());
    if m > MOST {
        return Err(
            entry.wrong("W0", format!("{m} rows are too many signs to enumerate, {MOST} are allowed"))
        );
    }
    let (w, star, y) = (entry.matrix("W", m, d)?, entry.matrix("Wstar", m, d)?, entry.vector("y", n)?);
    let lambda = entry.number("lam")?;
    let place = Place { net: &net, x: x.as_ref(), w: w.as_ref(), star: star.as_ref(), y: &y };
    let there = Place { w: place.star, ..place };
    let [_, _, norm] = norms(w.as_ref(), star.as_ref());
    let [_, _, norm_star] = norms(star.as_ref(), star.as_ref());
    for (name, loss, factor) in LOSSES.into_iter().filter(|l| l.1.is_smooth()) {
        let with = |numbers: Numbers| Numbers::default().plus(factor, numbers).plus(lambda, norm);
        let star = |value: f64| factor * value + lambda * norm_star.value;
        let quadratic = (entry.core(place.quadratic(loss))?, entry.core(there.quadratic(loss))?.value);
        let randomised = (place.randomised(loss), there.randomised(loss).value);
        for (kind, (numbers, value_star)) in [("quadratic", quadratic), ("randomised", randomised)] {
            let key = format!("{kind}_{name}");
            if !entry.has(&key) {
                continue;
            }
            let part = entry.part(&key)?;
            with(numbers).compare(&part, sheet, &key)?;
            let reference = part.number("value_star")?;
            let text = format!("value_star ({key})");
            sheet.number(&text, reference, star(value_star), AGREEMENT * reference.abs())?;
        }
        let key = format!("origin_{name}");
        if entry.has(&key) {
            let part = entry.part(&key)?;
            let mut reference = part.vector("hessian_eigenvalues", m * d)?;
            reference.sort_by(f64::total_cmp);
            let found = entry.core(place.at_origin(loss, factor))?;
            sheet.vector(&format!("hessian_eigenvalues ({key})"), &reference, &found, AGREEMENT)?;
            let largest = reference.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
            let text = format!("gradient ({key})");
            sheet.number(&text, part.number("gradient")?, 0.0, AGREEMENT * largest)?;
        }
    }
    // The closed forms of the core for the square loss, beside the enumeration.
    let square = entry.core(RandomisedSquare::new(&net, place.x, &y))?;
    let gradient = entry.core(square.gradient(place.w, Par::Seq))?;
    let slope: f64 = (0..m).map(|r| gradient.row(r) * place.w.row(r).transpose()).sum();
    let part = entry.part("randomised_square")?;
    for (field, found) in [
        ("value", entry.core(square.value(place.w, Par::Seq))? + lambda * norm.value),
        ("radial", slope + lambda * norm.radial),
        (
            "mean_curvature",
            entry.core(square.mean_curvature(place.w, place.star, Par::Seq))? + lambda * norm.mean_curvature,
        ),
    ] {
        let reference = part.number(field)?;
        let text = format!("{field} (randomised_square, closed form)");
        sheet.number(&text, reference, found, AGREEMENT * reference.abs())?;
    }
    Ok(())
}
