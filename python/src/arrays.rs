//! NumPy's arrays as matrices, and back.

use faer::{Mat, MatRef};
use numpy::ndarray::{Array2, ShapeBuilder};
use numpy::{
    PyArray1, PyArray2, PyArrayDescrMethods, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyUntypedArray, PyUntypedArrayMethods,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A matrix that a caller gives: NumPy's own memory where that is contiguous float64, a copy elsewhere.
pub struct Matrix<'py>(PyReadonlyArray2<'py, f64>);

impl<'py> Matrix<'py> {
    /// The matrix in `given`, anything that `numpy.asarray` makes an array of; messages call it `name`, and
    /// say `shape` of what is needed.
    ///
    /// # Errors
    /// `ValueError`: no array, elements that are no real numbers, another number of dimensions.
    pub fn of(name: &str, given: &Bound<'py, PyAny>, shape: &str) -> PyResult<Self> {
        let array = floats(name, given, 2, shape)?;
        Ok(Self(array.cast_into::<PyArray2<f64>>()?.readonly()))
    }

    /// As the core takes it.
    pub fn view(&self) -> MatRef<'_, f64> {
        let [rows, cols] = [self.0.shape()[0], self.0.shape()[1]];
        // Contiguous: `floats` sees to it.
        let slice = self.0.as_slice().unwrap_or(&[]);
        if self.0.is_c_contiguous() {
            MatRef::from_row_major_slice(slice, rows, cols)
        } else {
            MatRef::from_column_major_slice(slice, rows, cols)
        }
    }
}

/// A vector that a caller gives.
pub struct Vector<'py>(PyReadonlyArray1<'py, f64>);

impl<'py> Vector<'py> {
    /// As [`Matrix::of`].
    ///
    /// # Errors
    /// As there.
    pub fn of(name: &str, given: &Bound<'py, PyAny>, shape: &str) -> PyResult<Self> {
        let array = floats(name, given, 1, shape)?;
        Ok(Self(array.cast_into::<PyArray1<f64>>()?.readonly()))
    }

    /// The numbers.
    pub fn view(&self) -> &[f64] {
        self.0.as_slice().unwrap_or(&[])
    }
}

/// An array of float64, aligned and contiguous: `given` itself where it is one.
fn floats<'py>(
    name: &str,
    given: &Bound<'py, PyAny>,
    dimensions: usize,
    shape: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let py = given.py();
    let numpy = py.import("numpy")?;
    let refuse = |why: String| PyValueError::new_err(format!("{name} {why}"));
    let any = numpy
        .call_method1("asarray", (given,))
        .map_err(|e| refuse(format!("cannot be read as an array: {}", sentence(py, &e))))?;
    let array = any.cast::<PyUntypedArray>()?;
    let kind = array.dtype().kind();
    if !b"fiub".contains(&kind) {
        return Err(refuse(format!("hold elements of type {}, but real numbers are needed", array.dtype())));
    }
    if array.ndim() != dimensions {
        let of = any.getattr("shape")?;
        return Err(refuse(format!("have the shape {of}, but {shape} is needed")));
    }
    let exact = numpy.call_method1("require", (&any, "float64", "A"))?;
    let array = exact.cast::<PyUntypedArray>()?;
    if array.is_c_contiguous() || array.is_fortran_contiguous() {
        return Ok(exact);
    }
    numpy.call_method1("ascontiguousarray", (exact,))
}

/// The message of an exception, on one line.
pub fn sentence(py: Python<'_>, e: &PyErr) -> String {
    let text = e.value(py).to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A matrix as a NumPy array, C order.
pub fn matrix<'py>(py: Python<'py>, m: MatRef<'_, f64>) -> Bound<'py, PyArray2<f64>> {
    let (rows, cols) = (m.nrows(), m.ncols());
    let entries = (0..rows).flat_map(|i| (0..cols).map(move |j| m[(i, j)])).collect();
    // The lengths fit by construction.
    PyArray2::from_owned_array(py, Array2::from_shape_vec((rows, cols), entries).unwrap_or_default())
}

/// The same in Fortran order, from the columns of a matrix.
pub fn columns<'py>(py: Python<'py>, m: &Mat<f64>) -> Bound<'py, PyArray2<f64>> {
    let (rows, cols) = (m.nrows(), m.ncols());
    let entries = (0..cols).flat_map(|j| m.col_as_slice(j).iter().copied()).collect();
    PyArray2::from_owned_array(py, Array2::from_shape_vec((rows, cols).f(), entries).unwrap_or_default())
}

/// A vector as a NumPy array, without a copy.
pub fn vector(py: Python<'_>, v: Vec<f64>) -> Bound<'_, PyArray1<f64>> {
    PyArray1::from_vec(py, v)
}
