//! Along which parameter a bound is decided, with which exponent and on which side; and ladders of values to
//! sweep over.

use super::Tier;
use super::cell::Cell;
use super::parameter::{Parameter, Value};
use super::side::Side;
use std::sync::Arc;

/// A function from cells to exponents.
pub type Exponent = Arc<dyn Fn(&Cell) -> f64 + Send + Sync>;

/// Along which sweep a growth or an asymptotic statement is decided.
///
/// Groups are cells equal in all but the swept parameter, the replicate, the tied parameters and those in
/// `supremum_over`.
#[derive(Clone)]
pub struct Sweep {
    /// The swept parameter.
    pub over: Parameter,
    /// On which side the claim binds.
    pub side: Side,
    /// The exponent of the swept parameter that the claim gives to the right side; none where the claim is
    /// that one constant serves along the sweep, whatever the growth of the right side.
    pub claimed: Option<Exponent>,
    /// Parameters over which the constant is uniform: the largest ratio over them is taken first (the
    /// smallest for a lower bound).
    pub supremum_over: Vec<Parameter>,
    /// Parameters that follow the swept one (m tied to d, say), and so must not separate groups.
    pub tied: Vec<Parameter>,
}

impl Sweep {
    fn new(over: Parameter, side: Side, claimed: Option<Exponent>) -> Self {
        Self { over, side, claimed, supremum_over: Vec::new(), tied: Vec::new() }
    }

    /// `lhs ≲ rhs` along `over`, in which rhs carries the exponent `claimed(cell)`.
    pub fn upper(over: Parameter, claimed: impl Fn(&Cell) -> f64 + Send + Sync + 'static) -> Self {
        Self::new(over, Side::Upper, Some(Arc::new(claimed)))
    }

    /// `lhs ≳ rhs`.
    pub fn lower(over: Parameter, claimed: impl Fn(&Cell) -> f64 + Send + Sync + 'static) -> Self {
        Self::new(over, Side::Lower, Some(Arc::new(claimed)))
    }

    /// `lhs ≍ rhs`.
    pub fn both(over: Parameter, claimed: impl Fn(&Cell) -> f64 + Send + Sync + 'static) -> Self {
        Self::new(over, Side::Both, Some(Arc::new(claimed)))
    }

    /// One constant along `over`: lhs/rhs stays bounded on this side, where rhs is an explicit expression
    /// that follows no power, as at finite d. How the expression itself grows is a bound of its own.
    pub fn uniform(over: Parameter, side: Side) -> Self {
        Self::new(over, side, None)
    }

    /// With the largest ratio over these parameters taken first.
    #[must_use]
    pub fn supremum_over(mut self, parameters: &[Parameter]) -> Self {
        self.supremum_over = parameters.to_vec();
        self
    }

    /// With these parameters tied to the swept one.
    #[must_use]
    pub fn tied(mut self, parameters: &[Parameter]) -> Self {
        self.tied = parameters.to_vec();
        self
    }

    /// The symbol of the swept parameter.
    pub fn symbol(&self) -> &'static str {
        self.over.symbol()
    }

    /// The value of the swept parameter in a cell.
    ///
    /// # Errors
    /// A sentence: the parameter does not apply to the cell, or its value has no logarithm.
    pub fn value(&self, cell: &Cell) -> Result<Value, String> {
        let symbol = self.symbol();
        match cell.get(self.over) {
            Some(value) if value.real() > 0.0 => Ok(value),
            Some(value) => {
                Err(format!("{symbol} is {value} on {cell}: a power of {symbol} needs positive values"))
            }
            None => Err(format!("the cell {cell} has no {symbol}, over which the sweep runs")),
        }
    }

    /// The same, NaN where there is an error: for cells that [`Self::speaks_of`] has let through.
    pub(crate) fn at(&self, cell: &Cell) -> Value {
        self.value(cell).unwrap_or(Value::Real(f64::NAN))
    }

    /// Refuses cells that have no value to sweep over, and claimed exponents that are no numbers.
    ///
    /// # Errors
    /// As [`Self::value`], or a sentence about the exponent, of the first such cell.
    pub fn speaks_of<'a>(&self, mut cells: impl Iterator<Item = &'a Cell>) -> Result<(), String> {
        cells.try_for_each(|cell| {
            self.value(cell)?;
            match self.claims(cell) {
                Some(claimed) if !claimed.is_finite() => {
                    Err(format!("the claimed exponent of {} is {claimed} on {cell}", self.symbol()))
                }
                _ => Ok(()),
            }
        })
    }

    /// The exponent that the claim gives to the right side in the group of this cell, if it gives one.
    pub fn claims(&self, cell: &Cell) -> Option<f64> {
        self.claimed.as_ref().map(|claimed| claimed(cell))
    }

    /// The cell with everything taken out that does not separate groups.
    pub fn group(&self, cell: &Cell) -> Cell {
        let all = [self.over]
            .into_iter()
            .chain(self.supremum_over.iter().copied())
            .chain(self.tied.iter().copied());
        all.fold(cell.clone().replicate(0), Cell::without)
    }
}

/// Dimensions for asymptotic statements, from 3 to 2000, roughly geometric: the ratio is small enough for
/// local exponents to mean something, and large enough for them to stand above rounding.
pub fn dimensions(tier: Tier) -> &'static [usize] {
    const QUICK: [usize; 16] = [3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512, 1000, 2000];
    const FULL: [usize; 29] = [
        3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 64, 80, 100, 128, 160, 200, 256, 320, 400, 512, 640,
        800, 1000, 1280, 1600, 2000,
    ];
    match tier {
        Tier::Quick => &QUICK,
        Tier::Standard | Tier::Paper => &FULL,
    }
}

/// `first, 2·first, …`: `count` values of a sweep, each twice the one before.
pub fn doublings(first: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |i| first << i)
}

/// `count` even widths of a sweep from `width` on, each about √2 times the one before: more values for the
/// same span, where the limits on an exponent are those of few values.
pub fn half_octaves(width: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |i| 2 * (0.5 * width as f64 * 2.0_f64.powf(0.5 * i as f64)).round() as usize)
}
