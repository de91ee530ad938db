//! What was compared: one line a number.

use crate::error::{Error, Result};
use faer::MatRef;
use serde::Serialize;

/// A reference value beside what the core computed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The list.
    pub list: &'static str,
    /// The entry of the list, from 0.
    pub entry: usize,
    /// The quantity: "eigenvalues (dense)".
    pub quantity: String,
    /// The element of the quantity, from 0: empty for a number, `[i]` in a vector, `[row, column]` in a
    /// matrix.
    pub index: Vec<usize>,
    /// The value in the file.
    pub reference: f64,
    /// The value of the core.
    pub computed: f64,
    /// |computed − reference|.
    pub difference: f64,
    /// The largest difference that counts as agreement.
    pub allowed: f64,
    /// Whether the difference is allowed.
    pub agrees: bool,
}

impl Comparison {
    /// The quantity with its index: "gradient[2, 1]".
    pub fn name(&self) -> String {
        if self.index.is_empty() {
            self.quantity.clone()
        } else {
            format!("{}{:?}", self.quantity, self.index)
        }
    }

    /// The difference in units of the allowed one: 0 where there is none, infinite where none is allowed.
    pub fn misfit(&self) -> f64 {
        if self.difference == 0.0 { 0.0 } else { self.difference / self.allowed }
    }
}

/// The comparisons of a file, as they are made.
#[derive(Debug, Default)]
pub struct Sheet {
    list: &'static str,
    entry: usize,
    comparisons: Vec<Comparison>,
}

impl Sheet {
    /// Begins an entry.
    pub(super) fn begin(&mut self, list: &'static str, entry: usize) {
        (self.list, self.entry) = (list, entry);
    }

    pub(super) fn into_comparisons(self) -> Vec<Comparison> {
        self.comparisons
    }

    fn add(
        &mut self,
        quantity: &str,
        index: Vec<usize>,
        [reference, computed]: [f64; 2],
        allowed: f64,
    ) -> Result<()> {
        if !(computed.is_finite() && allowed.is_finite()) {
            let (list, entry) = (self.list, self.entry);
            return Err(Error::Input(format!(
                "list {list}, entry {entry}: the computed {quantity} came out as {computed}, with {allowed} \
                 allowed: the inputs must be of a size at which both are finite"
            )));
        }
        let difference = (computed - reference).abs();
        self.comparisons.push(Comparison {
            list: self.list,
            entry: self.entry,
            quantity: quantity.into(),
            index,
            reference,
            computed,
            difference,
            allowed,
            agrees: difference <= allowed,
        });
        Ok(())
    }

    /// Compares two numbers, which may differ by `allowed`.
    ///
    /// # Errors
    /// A computed value that is not finite.
    pub fn number(&mut self, quantity: &str, reference: f64, computed: f64, allowed: f64) -> Result<()> {
        self.add(quantity, vec![], [reference, computed], allowed)
    }

    /// Compares two lists of numbers, of which the i-th may differ by `allowed(i)`.
    ///
    /// # Errors
    /// Lists of different lengths, and a computed value that is not finite.
    pub fn each(
        &mut self,
        quantity: &str,
        reference: &[f64],
        computed: &[f64],
        allowed: impl Fn(usize) -> f64,
    ) -> Result<()> {
        self.same_shape(quantity, [reference.len(), 1], [computed.len(), 1])?;
        for (i, (&reference, &computed)) in reference.iter().zip(computed).enumerate() {
            self.add(quantity, vec![i], [reference, computed], allowed(i))?;
        }
        Ok(())
    }

    /// Compares two lists of numbers, which may differ by `tolerance` times the largest reference.
    ///
    /// # Errors
    /// As [`Sheet::each`].
    pub fn vector(
        &mut self,
        quantity: &str,
        reference: &[f64],
        computed: &[f64],
        tolerance: f64,
    ) -> Result<()> {
        let largest = reference.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
        self.each(quantity, reference, computed, |_| tolerance * largest)
    }

    /// Compares two matrices, which may differ by `tolerance` times the largest reference.
    ///
    /// # Errors
    /// As [`Sheet::each`].
    pub fn matrix(
        &mut self,
        quantity: &str,
        reference: MatRef<'_, f64>,
        computed: MatRef<'_, f64>,
        tolerance: f64,
    ) -> Result<()> {
        self.matrix_within(quantity, reference, computed, tolerance * reference.norm_max())
    }

    /// Compares two matrices, which may differ by `allowed`.
    ///
    /// # Errors
    /// As [`Sheet::each`].
    pub fn matrix_within(
        &mut self,
        quantity: &str,
        reference: MatRef<'_, f64>,
        computed: MatRef<'_, f64>,
        allowed: f64,
    ) -> Result<()> {
        let shape = |a: MatRef<'_, f64>| [a.nrows(), a.ncols()];
        self.same_shape(quantity, shape(reference), shape(computed))?;
        for i in 0..reference.nrows() {
            for j in 0..reference.ncols() {
                self.add(quantity, vec![i, j], [reference[(i, j)], computed[(i, j)]], allowed)?;
            }
        }
        Ok(())
    }

    fn same_shape(&self, quantity: &str, reference: [usize; 2], computed: [usize; 2]) -> Result<()> {
        if reference == computed {
            return Ok(());
        }
        Err(Error::Input(format!(
            "list {}, entry {}: the reference {quantity} has the shape {reference:?}, and \
             {computed:?} is needed",
            self.list, self.entry
        )))
    }
}
