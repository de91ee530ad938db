//! SHA-256 (FIPS 180-4). The constants are made from their definition: the first 32 bits of the fractional
//! parts of the square roots and the cube roots of the first primes.

/// ⌊x^(1/root)·2^32⌋ mod 2^32 of a small x: the greatest r with r^root ≤ x·2^(32·root), bit by bit.
fn fraction_of_root(x: u128, root: u32) -> u32 {
    let mut r = 0u128;
    for bit in (0..37).rev() {
        let next = r | 1 << bit;
        // next < 2^37, so next³ < 2^111, and x·2^96 < 2^105.
        if next.pow(root) <= x << (32 * root) {
            r = next;
        }
    }
    (r & 0xffff_ffff) as u32
}

/// The SHA-256 of `bytes`, as 64 lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    let primes: Vec<u128> = (2..312).filter(|n| (2..*n).all(|k| n % k != 0)).collect();
    let k: Vec<u32> = primes.iter().map(|&p| fraction_of_root(p, 3)).collect();
    let mut state: Vec<u32> = primes.iter().take(8).map(|&p| fraction_of_root(p, 2)).collect();

    // The last block or two: the rest of the message, a bit 1, zeros, and the length in bits.
    let whole = bytes.len() / 64 * 64;
    let mut tail = bytes[whole..].to_vec();
    tail.push(0x80);
    while tail.len() % 64 != 56 {
        tail.push(0);
    }
    tail.extend((bytes.len() as u64).wrapping_mul(8).to_be_bytes());

    for block in bytes[..whole].chunks_exact(64).chain(tail.chunks_exact(64)) {
        let mut w = [0u32; 64];
        for (i, word) in block.chunks_exact(4).enumerate() {
            w[i] = word.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        }
        for i in 16..64 {
            let (x, y) = (w[i - 15], w[i - 2]);
            let s0 = x.rotate_right(7) ^ x.rotate_right(18) ^ x >> 3;
            let s1 = y.rotate_right(17) ^ y.rotate_right(19) ^ y >> 10;
            w[i] = w[i - 16].wrapping_add(s0).wrapping_add(w[i - 7]).wrapping_add(s1);
        }
        let mut s = [0u32; 8];
        s.copy_from_slice(&state);
        for i in 0..64 {
            let [a, b, c, d, e, f, g, h] = s;
            let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
            let choice = e & f ^ !e & g;
            let t1 = h.wrapping_add(s1).wrapping_add(choice).wrapping_add(k[i]).wrapping_add(w[i]);
            let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
            let t2 = s0.wrapping_add(a & b ^ a & c ^ b & c);
            s = [t1.wrapping_add(t2), a, b, c, d.wrapping_add(t1), e, f, g];
        }
        for (sum, x) in state.iter_mut().zip(s) {
            *sum = sum.wrapping_add(x);
        }
    }
    state.iter().map(|word| format!("{word:08x}")).collect()
}
