//! Numbers as bytes, for checkpoints.

use escapement::training::Real;

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
