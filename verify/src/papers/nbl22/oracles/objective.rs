//! Models and regularised losses at given weights.

use super::{AGREEMENT, covariance_of, inputs_of, network_of, top_of};
use crate::error::Result;
use crate::oracle::{Entry, Sheet};
use escapement::descent::{LeastOptions, least_eigenvalue};
use escapement::eigen::DEFAULT_MEMORY;
use escapement::network::Model;
use escapement::objective::{Loss, RegularizedLoss, Regularizers};
use faer::{Mat, Par};

/// The largest order of a Hessian whose least eigenvalue is compared: its spectrum is computed in full, in a
/// second or so.
const DENSE: usize = 1000;

/// f, f_L and f_Q at the inputs, R1..R4, and for each loss and model L_λ with its gradient, its Hessian
/// times V, and the least eigenvalue of the Hessian.
pub(super) fn compare(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let net = network_of(entry)?;
    let (d, m, n) = (net.d(), net.m(), entry.whole("n")?);
    let (inputs, w, v) = (inputs_of(entry)?, entry.matrix("W", m, d)?, entry.matrix("V", m, d)?);
    let (x, w) = (inputs.as_ref(), w.as_ref());
    for (name, values) in [
        ("f", net.f(x, w, Par::Seq)),
        ("f_L", net.f_linear(x, w, Par::Seq)),
        ("f_Q", net.f_quadratic(x, w, Par::Seq)),
    ] {
        sheet.vector(name, &entry.vector(name, n)?, &entry.core(values)?, AGREEMENT)?;
    }
    let cov = covariance_of(entry, &net)?;
    let top = top_of(entry, &cov)?;
    let of = Regularizers { cov: &cov, top: &top, net: &net, x };
    let regularizers = entry.core(of.all(w, Par::Seq))?;
    let reference = entry.vector("regularizers", 4)?;
    sheet.each("regularizers", &reference, &regularizers, |i| AGREEMENT * reference[i].abs())?;

    let y = entry.vector("y", n)?;
    let weights = entry.vector("lambdas", 4)?;
    let lambda = [weights[0], weights[1], weights[2], weights[3]];
    for (name, part) in entry.named_parts("losses")? {
        let wrong = || {
            let allowed =
                "a loss is named LOSS/MODEL, pseudo_huber or square and network or quadratic_model";
            entry.wrong("losses", format!("'{name}' is not allowed: {allowed}"))
        };
        let (loss, model) = name.split_once('/').ok_or_else(wrong)?;
        let loss = Loss::parse(&loss.replace('_', "-")).map_err(|_| wrong())?;
        let model = match model {
            "network" => Model::Network,
            "quadratic_model" => Model::Quadratic,
            _ => return Err(wrong()),
        };
        let objective =
            entry.core(RegularizedLoss::new(of, &y, loss, lambda, model, DEFAULT_MEMORY, Par::Seq))?;
        let (mut space, mut gradient) = (objective.workspace(), Mat::zeros(m, d));
        let value = entry.core(objective.value_and_gradient(w, gradient.as_mut(), &mut space, Par::Seq))?;
        let expected = part.number("value")?;
        let quantity = |what: &str| format!("{what} ({name})");
        sheet.number(&quantity("value"), expected, value.objective, AGREEMENT * expected.abs())?;
        let expected = part.matrix("gradient", m, d)?;
        sheet.matrix(&quantity("gradient"), expected.as_ref(), gradient.as_ref(), AGREEMENT)?;
        let hessian = entry.core(objective.hessian(w, Par::Seq))?;
        let mut product = Mat::zeros(m, d);
        entry.core(hessian.multiply(v.as_ref(), product.as_mut(), Par::Seq))?;
        let expected = part.matrix("hvp_V", m, d)?;
        sheet.matrix(&quantity("hvp_V"), expected.as_ref(), product.as_ref(), AGREEMENT)?;
        if part.has("hessian_min_eigenvalue") {
            if m * d > DENSE {
                let allowed = format!("it is compared where m·d is at most {DENSE}, and m·d = {}", m * d);
                return Err(part.wrong("hessian_min_eigenvalue", allowed));
            }
            let options = LeastOptions { dense: DENSE, ..LeastOptions::default() };
            let least = entry.core(least_eigenvalue(&hessian, &options, Par::Seq))?;
            // An eigenvalue is known to within the norm of the matrix times the agreement of its entries.
            let expected = part.number("hessian_min_eigenvalue")?;
            let allowed = AGREEMENT * least.norm;
            sheet.number(&quantity("hessian_min_eigenvalue"), expected, least.value, allowed)?;
        }
    }
    Ok(())
}
