//! Displacements that express a target.

use super::{AGREEMENT, covariance_of, inputs_of, network_of, top_of};
use crate::error::Result;
use crate::oracle::{Entry, Sheet};
use escapement::construct::{self, LowDegree, SparseTerm, Target, ZonalTerm, frobenius_sq, norm_2_4_pow4};
use escapement::objective::Regularizers;
use escapement::sphere::zonal::MAX_DEGREE;
use faer::Par;

/// W_Q, W_L, what they express at the inputs, their norms, and the means of R1..R4 over random signs.
pub(super) fn compare(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let net = network_of(entry)?;
    let (d, m, n, k) = (net.d(), net.m(), entry.whole("n")?, entry.whole("k")?);
    // The target lists a term for each degree: the limit comes before the list.
    if k == 0 || k > MAX_DEGREE {
        return Err(entry.wrong("k", format!("{k} is not allowed, only 1 to {MAX_DEGREE}")));
    }
    let terms = entry.whole("R")?;
    let (alpha, beta) = (entry.vector("alpha", terms)?, entry.matrix("beta", terms, d)?);
    let row = |i: usize| (0..d).map(|c| beta[(i, c)]).collect();
    let sparse = alpha.iter().enumerate().map(|(i, &alpha)| SparseTerm { alpha, beta: row(i) }).collect();
    let (eta, coefficient) = (entry.vector("eta", d)?, entry.number("amp")?);
    let low = (0..=k).map(|degree| ZonalTerm { degree, coefficient, eta: eta.clone() }).collect();
    let target = entry.core(Target::new(d, k, LowDegree::Zonal(low), sparse))?;
    let inputs = inputs_of(entry)?;
    let x = inputs.as_ref();

    let cov = covariance_of(entry, &net)?;
    let top = top_of(entry, &cov)?;
    let q = entry.core(construct::w_q(&net, &target))?.w;
    let l = entry.core(construct::w_l(&cov, &top, &target, Par::Seq))?;
    for (name, w) in [("W_Q", &q), ("W_L", &l)] {
        sheet.matrix(name, entry.matrix(name, m, d)?.as_ref(), w.as_ref(), AGREEMENT)?;
    }
    for (name, values) in [
        ("f_Q_of_W_Q", net.f_quadratic(x, q.as_ref(), Par::Seq)),
        ("f_L_of_W_L", net.f_linear(x, l.as_ref(), Par::Seq)),
        ("f_sp", target.f_sp(x)),
        ("f_k", target.f_k(x)),
    ] {
        sheet.vector(name, &entry.vector(name, n)?, &entry.core(values)?, AGREEMENT)?;
    }
    let norms = [norm_2_4_pow4(q.as_ref()), frobenius_sq(l.as_ref())];
    for (name, norm) in ["W_Q_norm_2_4_pow4", "W_L_frobenius_sq"].into_iter().zip(norms) {
        let reference = entry.number(name)?;
        sheet.number(name, reference, norm, AGREEMENT * reference.abs())?;
    }
    let of = Regularizers { cov: &cov, top: &top, net: &net, x };
    let means = entry.core(construct::expected_regularizers(of, l.as_ref(), q.as_ref(), Par::Seq))?;
    let name = "expected_regularizers_over_signs";
    let reference = entry.vector(name, 4)?;
    sheet.each(name, &reference, &means, |i| AGREEMENT * reference[i].abs())
}
