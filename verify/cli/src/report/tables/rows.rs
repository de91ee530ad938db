//! Every bound as rows of a CSV table.

use crate::report::model::Report;

/// The columns.
const HEADINGS: &str = "\
    claim,bound,headline,kind,check,verdict,bracketed,vacuous_cells,printed_erratum,slack,power,implied_constant,\
    constant_error,margin,tightness,tightness_exponent,tightness_constant,records,cells_planned,\
    cells_missing,cells,cells_inside_hypotheses,control,parameter,group,claimed,measured,lower,upper,\
    rhs,rhs_lower,rhs_upper,ratio,ratio_lower,ratio_upper,onset,points,\
    lack_of_fit_p,decides,worst_cell,worst_lhs,worst_lhs_error,worst_rhs,worst_rhs_error,why";

/// One row per exponent, and one per bound without exponents.
///
/// # Errors
/// None in practice: the rows are written to memory and all have the same length.
pub fn csv(report: &Report) -> Result<Vec<u8>, csv::Error> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(HEADINGS.split(','))?;
    let shown = |x: Option<f64>| x.map_or_else(String::new, |x| x.to_string());
    for (claim, bound) in report.claims.iter().flat_map(|c| c.bounds.iter().map(move |b| (c, b))) {
        let b = &bound.verdict;
        let head = [
            claim.id.clone(),
            b.name.clone(),
            b.headline.to_string(),
            b.kind.clone(),
            format!("{:?}", b.check).to_lowercase(),
            b.verdict.to_string(),
            b.bracketed.map_or_else(String::new, |v| v.to_string()),
            b.vacuous.map_or_else(String::new, |v| v.cells.to_string()),
            b.printed.map_or_else(String::new, |e| e.0.to_string()),
            shown(b.slack),
            shown(b.power.first().and_then(|p| p.least)),
            shown(b.implied_constant),
            shown(bound.constant_error),
            shown(b.margin),
            b.tightness.text.clone(),
            shown(b.tightness.exponent),
            shown(b.tightness.constant),
            bound.freshness.map_or_else(String::new, |f| f.to_string()),
            bound.planned.to_string(),
            bound.missing.to_string(),
            b.cells.to_string(),
            b.cells_inside_hypotheses.to_string(),
            b.control.verdict.to_string(),
        ];
        let w = b.worst.as_ref();
        let tail = [
            w.map_or_else(String::new, |w| w.cell.clone()),
            shown(w.map(|w| w.lhs.value)),
            shown(w.map(|w| w.lhs.error)),
            shown(w.map(|w| w.rhs.value)),
            shown(w.map(|w| w.rhs.error)),
            b.why.clone().unwrap_or_default(),
        ];
        let mut row = |middle: [String; 16]| out.write_record(head.iter().chain(&middle).chain(&tail));
        if b.exponents.is_empty() {
            row(Default::default())?;
        }
        for e in &b.exponents {
            row([
                e.parameter.clone(),
                e.group.clone(),
                e.claimed.to_string(),
                e.lhs.value.to_string(),
                e.lhs.lower.to_string(),
                e.lhs.upper.to_string(),
                e.rhs.value.to_string(),
                e.rhs.lower.to_string(),
                e.rhs.upper.to_string(),
                e.ratio.value.to_string(),
                e.ratio.lower.to_string(),
                e.ratio.upper.to_string(),
                e.onset.map_or_else(String::new, |o| o.to_string()),
                e.points.to_string(),
                shown(e.lack_of_fit_p),
                e.decides.to_string(),
            ])?;
        }
    }
    out.into_inner().map_err(|e| e.into_error().into())
}
