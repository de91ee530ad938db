//! SHA-256 (FIPS 180-4). The constants are made from their definition: the first 32 bits of the fractional
//! parts of the square roots and the cube roots of the first primes.

use num_bigint::BigUint;

/// The SHA-256 of `bytes`, as 64 lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    let primes: Vec<u32> = (2..312).filter(|n| (2..*n).all(|k| n % k != 0)).collect();
    // ⌊x^(1/root)·2^32⌋ mod 2^32.
    let constant = |x: u32, root: u32| (BigUint::from(x) << (32 * root)).nth_root(root).to_u32_digits()[0];
    let k: Vec<u32> = primes.iter().map(|x| constant(*x, 3)).collect();
    let mut state: [u32; 8] = std::array::from_fn(|i| constant(primes[i], 2));

    // A bit 1, zeros, and the length in bits.
    let mut message = [bytes, &[0x80]].concat();
    message.resize((message.len() + 8).next_multiple_of(64) - 8, 0);
    message.extend((bytes.len() as u64 * 8).to_be_bytes());
    for block in message.chunks_exact(64) {
        let mut w: Vec<u32> = block.as_chunks().0.iter().map(|word| u32::from_be_bytes(*word)).collect();
        for i in 16..64 {
            let (x, y) = (w[i - 15], w[i - 2]);
            let s0 = x.rotate_right(7) ^ x.rotate_right(18) ^ x >> 3;
            let s1 = y.rotate_right(17) ^ y.rotate_right(19) ^ y >> 10;
            w.push(w[i - 16].wrapping_add(s0).wrapping_add(w[i - 7]).wrapping_add(s1));
        }
        let mut s = state;
        for i in 0..64 {
            let [a, b, c, d, e, f, g, h] = s;
            let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let choice = e & f ^ !e & g;
            let t1 = h.wrapping_add(s1).wrapping_add(choice).wrapping_add(k[i]).wrapping_add(w[i]);
            let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let t2 = s0.wrapping_add(a & b ^ a & c ^ b & c);
            s = [t1.wrapping_add(t2), a, b, c, d.wrapping_add(t1), e, f, g];
        }
        state.iter_mut().zip(s).for_each(|(sum, x)| *sum = sum.wrapping_add(x));
    }
    state.iter().map(|word| format!("{word:08x}")).collect()
}
