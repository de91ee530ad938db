//! Reference values for ZG24.

use super::late_rate::split;
use super::student::{Student, certificate as norm};
use crate::error::Result;
use crate::oracle::{Entry, List, Sheet};

/// Agreement relative to the value, and of differences of 30 digits relative to the largest.
const AGREEMENT: f64 = 1e-12;
const DIFFERENCE: f64 = 1e-10;

/// The lists.
pub const LISTS: [List; 3] = [
    List { name: "student", marks: &["/teacher_W"], compare: student },
    List { name: "certificate", marks: &["/norm_squared"], compare: certificate },
    List { name: "split", marks: &["/half_angle"], compare: families },
];

fn neurons(entry: &Entry<'_>, a: &str, w: &str) -> Result<Student> {
    let (m, d) = (entry.length(a)?, entry.whole("d")?);
    Ok(Student { a: entry.vector(a, m)?, w: entry.matrix(w, m, d)? })
}

/// Loss, objective, and the gradient of the first neurons.
fn student(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let (teacher, student) = (neurons(entry, "teacher_a", "teacher_W")?, neurons(entry, "a", "W")?);
    let decay = entry.number("weight_decay")?;
    entry.compare(sheet, "loss", student.loss(&teacher).value, AGREEMENT)?;
    entry.compare(sheet, "objective", student.objective(&teacher, decay).value, AGREEMENT)?;
    // The reference is that of the loss, or of the objective: the decay tells them apart.
    let gradient = student.gradient(&teacher, decay);
    let count = entry.length("gradient_a_first_two")?.min(student.a.len());
    let reference = entry.vector("gradient_a_first_two", count)?;
    sheet.vector("gradient_a_first_two", &reference, &gradient.a[..count], DIFFERENCE)?;
    let reference = entry.matrix("gradient_W_first_two", count, student.w.ncols())?;
    sheet.matrix(
        "gradient_W_first_two",
        reference.as_ref(),
        gradient.w.as_ref().subrows(0, count),
        DIFFERENCE,
    )
}

/// The least norm of a certificate.
fn certificate(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let signs = entry.vector("signs", entry.length("signs")?)?;
    entry.compare(sheet, "norm_squared", norm(entry.whole("d")?, &signs)?, AGREEMENT)
}

/// Two neurons about one teacher.
fn families(entry: &Entry<'_>, sheet: &mut Sheet) -> Result<()> {
    let decay = entry.number("weight_decay")?;
    let at = split(entry.number("half_angle")?, decay);
    entry.compare(sheet, "best_mass", at.mass.value, AGREEMENT)?;
    entry.compare(sheet, "objective", at.excess.value + decay - 0.25 * decay * decay, AGREEMENT)?;
    entry.compare(sheet, "derivative_in_angle", at.slope.value, AGREEMENT)?;
    entry.compare(sheet, "gradient_norm_squared", at.square.value, AGREEMENT)
}
