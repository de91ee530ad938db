//! Growth bounds: `lhs/rhs` must not grow along the sweep of one parameter.
//!
//! In each group of cells the logarithms of the two sides and of their ratio are fitted against the
//! logarithm of the parameter ([`crate::judge::line::Line`]). The slopes of the ratio in all groups are
//! pooled ([`crate::judge::pooled`]), and the limits on the mean decide. The bound *scales* where they
//! contain 0, or lie on the allowed side of it, and end before the slack. It *drifts* where they leave 0 out
//! by less than the slack, and is *refuted* where they leave it out by more: so it is by one group alone,
//! once corrected for the number of groups, and by a record that stands apart from the others of its sweep
//! ([`crate::judge::outlier`]).
//!
//! For ≲ it is the end that counts. Where a sweep bends, the upper halves of all sweeps are judged in place
//! of the whole, and where those bend their upper halves, down to the last three values; where those bend as
//! well, nothing is decided, unless the statement is one-sided and the bend cannot carry the exponent at the
//! end beyond the slack. And where the whole is straight, the limits of the upper halves together must not
//! leave the slack either.
//!
//! The control is the same fit with the left side multiplied by a power of the parameter that puts the slope
//! at ½.

mod copies;
mod sweep;

use super::finding::{Finding, gravest, planted_exponents};
use super::pooled::{Pooled, pool, refuted_by_holm};
use super::sides::{Sides, groups};
use crate::claim::{Side, Sweep};
use crate::judge::outlier::Noticed;
use crate::judge::series::{Series, constant_error};
use crate::judge::{Control, ExponentEvidence, Tightness, Verdict};
use crate::text::plural::count;
use sweep::{Candidate, Fitted, candidates};

/// Fewest values of the swept parameter that can decide.
const FEWEST_VALUES: usize = 5;

/// Least ratio of the largest to the smallest value of the swept parameter.
const LEAST_SPAN: f64 = 4.0;

/// Judges `lhs ≲ rhs` (or ≳, or ≍) along the sweep.
pub(super) fn judge(growth: &Sweep, slack: f64, sides: &[Sides<'_>]) -> Finding {
    let groups = match groups(growth, sides) {
        Ok(groups) => groups,
        Err(why) => return Finding::inconclusive(why, Vec::new()),
    };
    let candidates = candidates(growth, groups);
    let fits: Vec<Result<Option<Fitted<'_>>, String>> =
        candidates.iter().map(|c| c.fit(growth, slack)).collect();
    let deciding = || fits.iter().filter_map(|f| f.as_ref().ok()?.as_ref()).filter(|f| f.decides);
    let looks = deciding().count();
    let bends = |tail: usize| deciding().any(|f| f.lines(tail).ratio.bends(slack, looks));
    let shortest = deciding().map(|f| f.tails.len()).max().unwrap_or(1) - 1;
    let tail = (0..shortest).find(|&tail| !bends(tail)).unwrap_or(shortest);
    let one = |(candidate, fit): (&Candidate<'_>, &Result<Option<Fitted<'_>>, String>)| {
        let fitted = fit.as_ref().ok().and_then(Option::as_ref);
        candidate.series(growth, fitted.map(|f| (f, tail)))
    };
    let series = candidates.iter().zip(&fits).map(one).collect();
    match fits.into_iter().collect::<Result<Vec<_>, _>>() {
        Ok(fits) => {
            let sweeps: Vec<Fitted<'_>> = fits.into_iter().flatten().collect();
            Judging { growth, slack, tail }.conclude(&sweeps, series)
        }
        Err(why) => Finding::inconclusive(why, series),
    }
}

/// How the sweeps of one bound are judged.
struct Judging<'a> {
    growth: &'a Sweep,
    slack: f64,
    /// By which of their ends, as in [`Fitted::tails`].
    tail: usize,
}

/// What the sweeps that bind on one side say together.
struct Class<'a, 'b> {
    pooled: Pooled,
    verdict: Verdict,
    why: Option<String>,
    /// The sweep that decides, if one does alone.
    alone: Option<&'a Fitted<'b>>,
}

impl Judging<'_> {
    fn conclude(&self, sweeps: &[Fitted<'_>], series: Vec<Series>) -> Finding {
        let Self { growth, slack, tail } = *self;
        let exponents: Vec<ExponentEvidence> =
            sweeps.iter().map(|s| s.evidence(growth, slack, tail)).collect();
        let deciding: Vec<&Fitted<'_>> = sweeps.iter().filter(|s| s.decides).collect();
        let sides = [Side::Upper, Side::Lower, Side::Both];
        let of = |side| deciding.iter().copied().filter(|s| s.binds == side).collect::<Vec<_>>();
        let classes: Vec<Class<'_, '_>> = sides
            .into_iter()
            .map(|side| (side, of(side)))
            .filter(|(_, those)| !those.is_empty())
            .map(|(side, those)| self.class(side, &those))
            .collect();
        let Some(decisive) = gravest(&classes.iter().collect::<Vec<_>>(), |c| c.verdict) else {
            let why = "no cell lies in the allowed range: growth outside it is reported only";
            return Finding { exponents, ..Finding::inconclusive(why, series) };
        };
        let side = growth.side;
        let extreme = deciding
            .iter()
            .filter(|s| side == Side::Lower || s.binds != Side::Lower)
            .map(|s| s.extreme(side))
            .reduce(|a, b| if (b.log > a.log) == (side == Side::Lower) { a } else { b });
        // The cell that refutes is the one that stands apart, or the one with the extreme ratio in the sweep
        // that does.
        let shown = decisive.alone.map(|s| s.apart().unwrap_or_else(|| s.extreme(s.binds))).or(extreme);
        let reach =
            classes.iter().map(|c| c.pooled.ratio.beyond(c.pooled.side)).fold(f64::NEG_INFINITY, f64::max);
        let decided = || exponents.iter().zip(sweeps).filter(|(e, _)| e.decides);
        let sharper = decided().map(|(e, s)| e.sharper(s.binds)).fold(f64::INFINITY, f64::min);
        let spread = deciding.iter().map(|s| s.spread()).fold(0.0, f64::max);
        let constant = extreme.map(|r| r.log.exp());
        Finding {
            verdict: decisive.verdict,
            constant,
            constant_error: constant_error(side, constant, &series),
            tightness: Tightness {
                text: tightness(growth, decisive, sharper, slack),
                exponent: Some(sharper),
                constant: Some(spread.exp()),
            },
            control: self.control(&deciding),
            margin: Some(slack - reach),
            worst: shown.map(|r| (r.sides.index, r.sides.lhs, r.sides.rhs)),
            why: decisive.why.clone(),
            pooled: classes.iter().map(|c| c.pooled).collect(),
            exponents,
            series,
        }
    }

    /// What the sweeps that bind on `side` say together.
    fn class<'a, 'b>(&self, side: Side, sweeps: &[&'a Fitted<'b>]) -> Class<'a, 'b> {
        let Self { slack, tail, .. } = *self;
        let slopes = |tail: usize| -> Vec<_> { sweeps.iter().map(|s| s.slope(tail, None)).collect() };
        let (ratio, between) = pool(&slopes(tail));
        let (upper_half, _) = pool(&slopes(tail.max(1)));
        let pooled = Pooled { side, ratio, between, sweeps: sweeps.len(), upper_half, tail };
        let each =
            |tail: usize| sweeps.iter().map(move |s| s.lines(tail).ratio.estimate().verdict(side, slack));
        // Few sweeps that differ widen the limits on their mean beyond all of them: what all say is said.
        let together = if each(tail).all(|v| v == Verdict::Scales) {
            Verdict::Scales
        } else if each(tail).all(|v| v >= Verdict::Drifts) {
            each(tail).min().unwrap_or(Verdict::Drifts)
        } else {
            ratio.verdict(side, slack)
        };
        let alone = refuted_by_holm(side, slack, &slopes(tail));
        let apart = sweeps.iter().copied().find(|s| s.found.apart.is_some());
        let odd = sweeps.iter().copied().zip(alone).find(|(_, refuted)| *refuted).map(|(s, _)| s);
        let (verdict, why) = if let Some(s) = apart {
            (Verdict::Refuted, Some(self.words_apart(s)))
        } else if let Some(s) = odd.filter(|_| together != Verdict::Refuted) {
            (Verdict::Refuted, Some(self.words_of_one(s, sweeps.len())))
        } else if together == Verdict::Scales {
            match self.objection(&pooled, sweeps) {
                Some(why) => (Verdict::Inconclusive, Some(why)),
                None => (Verdict::Scales, None),
            }
        } else {
            (together, Some(self.words_of_all(&pooled, together)))
        };
        let most = |a: &'a Fitted<'b>, b: &'a Fitted<'b>| {
            let of = |s: &Fitted<'_>| s.lines(tail).ratio.estimate().excluding(side);
            if of(b) > of(a) { b } else { a }
        };
        let worst = sweeps.iter().copied().reduce(most).filter(|_| verdict == Verdict::Refuted);
        Class { pooled, verdict, why, alone: apart.or(odd).or(worst) }
    }

    /// Why limits that end before the slack support nothing all the same.
    fn objection(&self, pooled: &Pooled, sweeps: &[&Fitted<'_>]) -> Option<String> {
        let Self { growth, slack, tail } = *self;
        let name = growth.symbol();
        if let Some(defect) = sweeps.iter().find_map(|s| s.defect.clone()) {
            return Some(defect);
        }
        // A one-sided statement may bend away from where it would fail; but repetitions without any scatter
        // are copies, and their departure from a line (p = 0) is told from nothing.
        let open = |s: &Fitted<'_>| {
            let line = s.lines(tail).ratio;
            let end = line.estimate().beyond(pooled.side) + line.bend;
            let copies = line.lack_of_fit_p == Some(0.0);
            line.bends(slack, sweeps.len()) && (pooled.side == Side::Both || copies || end > slack)
        };
        if let Some(s) = sweeps.iter().find(|s| open(s)) {
            return Some(format!(
                "lhs/rhs follows no power of {name}, not even over the end of the sweep{} (p = {:.1e})",
                s.here(),
                s.lines(tail).ratio.lack_of_fit_p.unwrap_or(0.0)
            ));
        }
        let half = pooled.upper_half;
        let each = sweeps.iter().all(|s| s.lines(tail.max(1)).ratio.estimate().beyond(pooled.side) <= slack);
        (half.beyond(pooled.side) > slack && !each).then(|| {
            format!(
                "over the upper half of the sweep lhs/rhs goes like {name}^{:.3}, with limits {:.3} to \
                 {:.3} that leave the slack of {slack}",
                half.value, half.lower, half.upper
            )
        })
    }

    fn words_apart(&self, s: &Fitted<'_>) -> String {
        let (_, factor) = s.found.apart.unwrap_or((0, 1.0));
        let cell = s.apart().map_or_else(String::new, |r| r.sides.cell().to_string());
        format!(
            "{cell} stands apart: its ratio is {factor:.3} times what the other {} of the sweep{} say; \
             either the record is false or the ratio follows no power of {}",
            count(s.chosen.len() - 1, "point"),
            s.here(),
            self.growth.symbol()
        )
    }

    fn words_of_one(&self, s: &Fitted<'_>, sweeps: usize) -> String {
        let slope = s.lines(self.tail).ratio.estimate();
        format!(
            "lhs/rhs goes like {}^{:.3} (limits {:.3} to {:.3}){}, beyond the slack of {} even as one of {}",
            self.growth.symbol(),
            slope.value,
            slope.lower,
            slope.upper,
            s.here(),
            self.slack,
            count(sweeps, "sweep")
        )
    }

    fn words_of_all(&self, pooled: &Pooled, verdict: Verdict) -> String {
        let (name, slack, slope) = (self.growth.symbol(), self.slack, pooled.ratio);
        let of = if pooled.sweeps > 1 { format!(" over {} sweeps", pooled.sweeps) } else { String::new() };
        let found = format!(
            "lhs/rhs goes like {name}^{:.3} (limits {:.3} to {:.3}){of}",
            slope.value, slope.lower, slope.upper
        );
        match verdict {
            Verdict::Refuted => format!("{found}, beyond the slack of {slack}"),
            Verdict::Drifts => {
                format!("{found}, which leaves out the claim by less than the slack of {slack}")
            }
            _ => format!("{found}, which contain the slack of {slack}: more cells are needed"),
        }
    }

    /// What came out of the planted powers, and of records made false one at a time.
    fn control(&self, deciding: &[&Fitted<'_>]) -> Control {
        let Self { growth, slack, tail } = *self;
        let name = growth.symbol();
        let planted = match growth.side {
            Side::Upper => format!("lhs times a power of {name} that makes lhs/rhs grow like {name}^½"),
            Side::Lower => format!("lhs times a power of {name} that makes lhs/rhs fall like {name}^-½"),
            Side::Both => {
                format!(
                    "lhs times a power of {name} that makes lhs/rhs go like {name}^½, and like {name}^-½"
                )
            }
        };
        let mut verdict = Verdict::Refuted;
        for side in [Side::Upper, Side::Lower, Side::Both] {
            let those: Vec<_> = deciding.iter().filter(|s| s.binds == side).collect();
            for target in planted_exponents(side).iter().filter(|_| !those.is_empty()) {
                let slopes: Vec<_> = those.iter().map(|s| s.slope(tail, Some(*target))).collect();
                verdict = verdict.min(pool(&slopes).0.verdict(side, slack));
            }
        }
        let sweeps = count(deciding.len(), "sweep");
        let description = format!("{planted}: {verdict} over {sweeps}");
        let mut one_false = Noticed::default();
        deciding.iter().for_each(|s| one_false += s.found.noticed);
        Control { one_false: Some(one_false), ..Control::new(description, verdict) }
    }
}

/// How much sharper the exponent could be, in words.
fn tightness(growth: &Sweep, decisive: &Class<'_, '_>, sharper: f64, slack: f64) -> String {
    let (name, off, pooled) = (growth.symbol(), sharper.abs(), &decisive.pooled);
    // Sharpened by δ, the slope grows by δ; the data refute it once the limit passes the slack.
    let until = slack - pooled.ratio.excluding(pooled.side);
    let reach = pooled.ratio.beyond(pooled.side);
    match (decisive.verdict, growth.side) {
        (Verdict::Refuted, _) if decisive.alone.is_some_and(|s| s.found.apart.is_some()) => {
            format!("contradicted by one record of a sweep of {name}")
        }
        (Verdict::Refuted, _) => {
            format!("false here: the measured exponent of {name} misses the claimed one by {off:.3}")
        }
        (Verdict::Drifts, _) => {
            format!("drifting: the measured exponent of {name} misses the claimed one by {off:.3}")
        }
        (Verdict::Inconclusive, _) => {
            format!("undecided: the measured exponent of {name} is {off:.3} from the claimed one")
        }
        (_, Side::Both) => {
            format!("two-sided: the measured exponent of {name} is within {off:.3} of the claimed one")
        }
        _ if -reach > slack => format!(
            "loose: the exponent of {name} could be sharper by {sharper:.3}; sharpened by more than \
             {until:.3} it would be refuted"
        ),
        _ if off > slack => format!(
            "the limits on the exponent of {name} reach the slack; it could be sharper by {sharper:.3}"
        ),
        _ => format!(
            "tight within the slack: the exponent of {name} is off by {off:.3}; sharpened by more than \
             {until:.3} it would be refuted"
        ),
    }
}
