//! Named random streams. A stream yields the same numbers on every machine, whatever the thread count and
//! the order in which streams are opened.
//!
//! A stream is ChaCha20 keyed by the BLAKE3 hash of a root seed, a key and a purpose. The key names what is
//! computed, and the purpose ("weights", "inputs", "signs") what the numbers are for, so that a new stream
//! never changes another one.

use rand::SeedableRng;
pub use rand_chacha::ChaCha20Rng;

/// The random stream of the given purpose under `key` and the root seed `root`.
///
/// ```
/// use rand::Rng;
/// let mut a = escapement::seed::stream(7, "cell", "weights");
/// let mut b = escapement::seed::stream(7, "cell", "weights");
/// assert_eq!(a.next_u64(), b.next_u64());
/// ```
pub fn stream(root: u64, key: &str, purpose: &str) -> ChaCha20Rng {
    let mut h = blake3::Hasher::new_derive_key("escapement 2026 random stream");
    h.update(&root.to_le_bytes());
    // Lengths first: ("ab", "c") and ("a", "bc") are different streams.
    for part in [key, purpose] {
        h.update(&(part.len() as u64).to_le_bytes());
        h.update(part.as_bytes());
    }
    ChaCha20Rng::from_seed(*h.finalize().as_bytes())
}
