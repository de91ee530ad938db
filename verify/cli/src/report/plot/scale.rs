//! Axes: from numbers to pixels, and the ticks on the way.

use escapement_verify::text::numbers::{tenth, tick};

/// One axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    log: bool,
    low: f64,
    high: f64,
    /// Pixels of the two ends.
    from: f64,
    to: f64,
    /// Pixel of 0 on a logarithmic axis, below its lower end, if 0 is shown.
    zero: Option<f64>,
    /// Pixel of ∞, above its upper end, if ∞ is shown.
    infinity: Option<f64>,
}

/// Pixels between the end of an axis and a value beyond it.
const BEYOND: f64 = 14.0;

impl Scale {
    /// An axis that shows all of `values`, with a little room, between two pixels. A logarithmic one passes
    /// over what is not positive.
    pub(super) fn over(values: impl Iterator<Item = f64>, log: bool, from: f64, to: f64) -> Self {
        let shown =
            values.filter(|v| v.is_finite() && (!log || *v > 0.0)).map(|v| if log { v.log10() } else { v });
        let (mut low, mut high) =
            shown.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        let least = if log { 0.3 } else { 0.1 * low.abs().max(high.abs()).max(1e-300) };
        let room = if high - low < least { (least - (high - low)) / 2.0 } else { 0.0 }
            + 0.06 * (high - low).max(least);
        Self { log, low: low - room, high: high + room, from, to, zero: None, infinity: None }
    }

    /// This logarithmic axis, shortened to make room for 0 and for ∞ at its two ends.
    pub(super) fn with_ends(mut self, zero: bool, infinity: bool) -> Self {
        let inward = BEYOND * (self.to - self.from).signum();
        if zero {
            self.zero = Some(self.from + 0.3 * inward);
            self.from += inward;
        }
        if infinity {
            self.infinity = Some(self.to - 0.3 * inward);
            self.to -= inward;
        }
        self
    }

    /// The pixel of a value, to a tenth; none for what a logarithmic axis does not show.
    pub(super) fn at(&self, value: f64) -> Option<f64> {
        if let Some(end) = self.end(value) {
            return Some(end);
        }
        let v = if self.log { (value > 0.0).then(|| value.log10())? } else { value };
        let pixel = self.from + (v - self.low) / (self.high - self.low) * (self.to - self.from);
        pixel.is_finite().then(|| tenth(pixel))
    }

    /// The pixel of 0 or of ∞, if that lies beyond an end of the axis and is shown there.
    pub(super) fn end(&self, value: f64) -> Option<f64> {
        if value == 0.0 { self.zero } else { self.infinity.filter(|_| value == f64::INFINITY) }
    }

    /// The pixels of its two ends.
    pub(super) fn ends(&self) -> (f64, f64) {
        (self.from, self.to)
    }

    /// The pixel of a value as [`Scale::at`], with a value beyond an end moved to that end.
    pub(super) fn within(&self, value: f64) -> Option<f64> {
        if let Some(end) = self.end(value) {
            return Some(end);
        }
        let (a, b) = (self.from.min(self.to), self.from.max(self.to));
        if self.log && value <= 0.0 { Some(self.from) } else { self.at(value).map(|p| p.clamp(a, b)) }
    }

    /// The ticks: their pixels and their labels.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let values = if self.log { self.decades() } else { self.steps() };
        let beyond =
            [(self.zero, "0"), (self.infinity, "∞")].map(|(pixel, name)| Some((pixel?, name.to_owned())));
        values
            .into_iter()
            .filter_map(|v| Some((self.at(v)?, tick(v))))
            .chain(beyond.into_iter().flatten())
            .collect()
    }

    /// Whole powers of ten, every so many, or 1, 2, 5 between them where the axis is short.
    fn decades(&self) -> Vec<f64> {
        let span = self.high - self.low;
        let (first, last) = (self.low.floor() as i32, self.high.ceil() as i32);
        let digits: &[f64] = match span {
            s if s > 2.2 => &[1.0],
            s if s > 0.9 => &[1.0, 2.0, 5.0],
            _ => &[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0],
        };
        let every = (span / 5.0).ceil().max(1.0) as i32;
        let powers = (first..=last).filter(|p| p.rem_euclid(every) == 0);
        let inside = |v: &f64| (self.low..=self.high).contains(&v.log10());
        // 7 · 10⁻¹ is not 0.7 in binary; what is read is.
        let number = |d: &f64, p: i32| -> f64 { format!("{d}e{p}").parse().unwrap_or(f64::NAN) };
        powers.flat_map(|p| digits.iter().map(move |d| number(d, p))).filter(inside).collect()
    }

    /// About four round steps.
    fn steps(&self) -> Vec<f64> {
        let rough = (self.high - self.low) / 4.0;
        let power = 10f64.powf(rough.log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].map(|f| f * power).into_iter().find(|s| *s >= rough).unwrap_or(rough);
        let (first, last) = ((self.low / step).ceil() as i64, (self.high / step).floor() as i64);
        // Rounding of i · step would write 0.30000000000000004.
        let digits = (-step.log10().floor()).max(0.0) as i32;
        let round =
            |v: f64| if digits < 300 { (v * 10f64.powi(digits)).round() / 10f64.powi(digits) } else { v };
        (first..=last).take(12).map(|i| round(i as f64 * step)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_axis_has_ticks_within_its_ends() {
        let cases: [(&[f64], bool); 8] = [
            (&[1e-15, 3e4], true),
            (&[100.0, 3200.0], true),
            (&[5.0, 5.0], true),
            (&[0.0, -1.0], true),
            (&[0.97, 1.02], true),
            (&[-3.0, 8.0], false),
            (&[0.0, 0.0], false),
            (&[1e-17, 2e-17], false),
        ];
        for (values, log) in cases {
            let scale = Scale::over(values.iter().copied(), log, 40.0, 400.0);
            let ticks = scale.ticks();
            assert!((2..14).contains(&ticks.len()), "{values:?}: {ticks:?}");
            assert!(ticks.iter().all(|(p, _)| (40.0..=400.0).contains(p)), "{values:?}: {ticks:?}");
            assert!(ticks.windows(2).all(|t| t[0].1 != t[1].1), "{values:?}: {ticks:?}");
        }
    }

    #[test]
    fn what_a_logarithmic_axis_cannot_hold_lies_beyond_its_ends() {
        let plain = Scale::over([1e-3, 1e3].into_iter(), true, 200.0, 20.0);
        assert_eq!((plain.at(0.0), plain.at(f64::INFINITY), plain.end(0.0)), (None, None, None));
        let scale = plain.with_ends(true, true);
        let [zero, low, high, infinity] = [0.0, 1e-3, 1e3, f64::INFINITY].map(|v| scale.at(v).unwrap());
        assert!(
            200.0 > zero && zero > low + 5.0 && low > high && high > infinity + 5.0 && infinity > 20.0,
            "{scale:?}"
        );
        let names: Vec<String> = scale.ticks().into_iter().map(|t| t.1).collect();
        assert!(names.contains(&"0".to_owned()) && names.contains(&"∞".to_owned()), "{names:?}");
    }

    #[test]
    fn ticks_are_round_numbers() {
        let scale = Scale::over([0.41, 2.0].into_iter(), true, 0.0, 300.0);
        let names: Vec<String> = scale.ticks().into_iter().map(|t| t.1).collect();
        assert_eq!(names, ["0.4", "0.5", "0.7", "1", "1.5", "2"]);
    }
}
