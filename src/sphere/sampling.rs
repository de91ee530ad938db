//! Uniform points on a sphere.

use faer::{Mat, MatRef};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// `n` independent points, uniform on the sphere of radius `radius` in `d` dimensions: `[n, d]`, one per
/// row.
///
/// Each point is a standard normal vector, scaled. The stream is read row by row, so the first rows do not
/// depend on how many follow. Norms are right to a few roundings. `d = 0` gives an `[n, 0]` matrix.
///
/// ```
/// let mut rng = escapement::seed::stream(1, "example", "inputs");
/// let x = escapement::sphere::uniform_sphere(&mut rng, 5, 4, 2.0); // inputs of dimension 4 have norm √4
/// assert!((x.row(3).norm_l2() - 2.0).abs() < 1e-14);
/// ```
pub fn uniform_sphere(rng: &mut impl Rng, n: usize, d: usize, radius: f64) -> Mat<f64> {
    let mut points = vec![0.0_f64; n * d];
    for row in points.chunks_exact_mut(d.max(1)) {
        let norm = loop {
            for x in row.iter_mut() {
                *x = StandardNormal.sample(rng);
            }
            let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt();
            // A zero vector has probability zero, and no direction.
            if norm > 0.0 {
                break norm;
            }
        };
        row.iter_mut().for_each(|x| *x = radius * (*x / norm));
    }
    MatRef::from_row_major_slice(&points, n, d).to_owned()
}
