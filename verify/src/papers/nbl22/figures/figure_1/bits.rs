//! Numbers as bytes, for checkpoints.

use escapement::training::Real;
use faer::Mat;

/// Numbers that can be kept as bits.
pub trait Bits: Real {
    /// How many bytes one takes.
    const BYTES: usize;
    /// Appends the bytes of this one, little endian.
    fn put(self, to: &mut Vec<u8>);
    /// The number of these bytes.
    fn get(bytes: &[u8]) -> Self;
}

macro_rules! bits {
    ($($t:ty),*) => {$(
        impl Bits for $t {
            const BYTES: usize = size_of::<$t>();
            fn put(self, to: &mut Vec<u8>) {
                to.extend(self.to_le_bytes());
            }
            fn get(bytes: &[u8]) -> Self {
                Self::from_le_bytes(std::array::from_fn(|i| bytes[i]))
            }
        }
    )*};
}

bits!(f32, f64);

/// Appends the bytes of a matrix, column by column.
pub fn put_columns<T: Bits>(of: &Mat<T>, to: &mut Vec<u8>) {
    (0..of.ncols()).for_each(|r| of.col_as_slice(r).iter().for_each(|x| x.put(to)));
}

/// Fills a matrix with numbers, column by column; where there are too few the rest stays as it is.
pub fn fill_columns<T: Bits>(of: &mut Mat<T>, from: &mut impl Iterator<Item = T>) {
    for r in 0..of.ncols() {
        of.col_as_slice_mut(r).iter_mut().zip(&mut *from).for_each(|(to, x)| *to = x);
    }
}
