//! The file: obligations F1 (keys, order, version) and F2 (grammar, shapes, limits). The reader knows which
//! token is due next, and checks every limit before it allocates what is limited.

use super::{BigInt, Checked, Rational, ensure, need};

/// A place in the bytes of a file.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The whole file.
    pub bytes: &'a [u8],
    /// How many of its bytes have been read.
    pub at: usize,
}

/// A whole number of at most `bits` bits in lower-case hexadecimal digits, spelled in the one way.
pub fn whole<T: TryFrom<BigInt>>(text: &str, bits: u64) -> Option<T> {
    let text = Some(text).filter(|text| text.len() as u64 <= bits.div_ceil(4) + 1)?;
    let n = BigInt::parse_bytes(text.as_bytes(), 16)?;
    if n.bits() <= bits && n.to_str_radix(16) == text { n.try_into().ok() } else { None }
}

/// `whole` or `whole/whole`, each of at most `bits` bits, the denominator positive.
pub fn rational(text: &str, bits: u64) -> Option<Rational> {
    let (num, den) = text.split_once('/').unwrap_or((text, "1"));
    let (num, den) = (whole(num, bits)?, whole(den, bits)?);
    (den > BigInt::ZERO).then_some(Rational { num, den })
}

/// `-?digits(.digits)?` in at most 400 characters, without superfluous zeros in front; no negative zero.
pub fn decimal(text: &str) -> Option<Rational> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let plain = digits(whole) && digits(fraction) && (whole == "0" || !whole.starts_with('0'));
    if !plain || text.len() > 400 {
        return None;
    }
    let sign = &text[..text.len() - unsigned.len()];
    let num = BigInt::parse_bytes(format!("{sign}{whole}{fraction}").as_bytes(), 10)?;
    let good = sign.is_empty() || num != BigInt::ZERO;
    good.then(|| Rational { num, den: BigInt::from(10).pow(fraction.len() as u32) })
}

/// The text, if it is 64 lower-case hexadecimal digits.
pub fn digest(text: &str) -> Option<&str> {
    let good = text.len() == 64 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
    good.then_some(text)
}

impl<'a> Reader<'a> {
    /// Takes the next bytes as long as they are `good`, which only ASCII is.
    fn token(&mut self, good: impl Fn(u8) -> bool) -> &'a str {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().take_while(|c| good(**c)).count();
        self.at += length;
        std::str::from_utf8(&rest[..length]).unwrap_or_default()
    }

    /// Takes the byte after white space, if it is this one.
    fn take(&mut self, byte: u8) -> bool {
        self.token(|c| b" \n\r\t".contains(&c));
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    /// Takes the byte that is due.
    pub fn due(&mut self, byte: u8) -> Checked<&mut Self> {
        ensure(self.take(byte), "F2", format!("`{}` is due at byte {}", char::from(byte), self.at))?;
        Ok(self)
    }

    /// Takes a string of printable ASCII without escapes that `read` understands.
    pub fn string<T>(&mut self, read: impl Fn(&'a str) -> Option<T>) -> Checked<T> {
        let open = self.take(b'"');
        let text = self.token(|c| (b' '..=b'~').contains(&c) && c != b'"' && c != b'\\');
        let closed = open && self.bytes.get(self.at) == Some(&b'"');
        self.at += usize::from(closed);
        let value = if closed { read(text) } else { None };
        need(value, "F2", format!("the string before byte {} is malformed or beyond the limits", self.at))
    }

    /// Takes a plain whole number from 0 to `most`.
    pub fn integer(&mut self, most: u64) -> Checked<u64> {
        self.token(|c| b" \n\r\t".contains(&c));
        let text = self.token(|c| c.is_ascii_digit());
        let n = text.parse().ok().filter(|n: &u64| n.to_string() == text && *n <= most);
        need(n, "F2", format!("a whole number from 0 to {most} is due before byte {}", self.at))
    }

    /// Takes an array of at most `most` elements, each by `element`.
    fn array<T>(&mut self, most: usize, element: impl Fn(&mut Self) -> Checked<T>) -> Checked<Vec<T>> {
        let mut elements = Vec::new();
        self.due(b'[')?;
        while !self.take(b']') {
            let next = elements.len() < most && (elements.is_empty() || self.take(b','));
            ensure(next, "F2", format!("the array before byte {} is malformed or too long", self.at))?;
            elements.push(element(self)?);
        }
        Ok(elements)
    }

    /// Takes the key that is due, with what stands before and behind.
    pub fn key(&mut self, name: &str) -> Checked<&mut Self> {
        let found = self.take(if name == "format" { b'{' } else { b',' })
            && self.string(|found| Some(found == name)).is_ok_and(|same| same)
            && self.take(b':');
        ensure(found, "F1", format!("the key `{name}` is due before byte {}", self.at))?;
        Ok(self)
    }
}

/// Eigenpairs of A = pΣ, offered and not trusted.
pub struct Eigenpairs<'a> {
    /// The SHA-256 of W0.npy.
    pub weights_sha256: &'a str,
    /// The highest degree J of A that is kept.
    pub degrees: u64,
    /// The low degree k.
    pub low: u64,
    /// The length n of the vectors.
    pub n: usize,
    /// The vectors, in units of 2^-54.
    pub vectors: Vec<Vec<i128>>,
    /// The values in units of 2^-59.
    pub values: Vec<i128>,
    /// A bound on the other eigenvalues, in units of 2^-59.
    pub mu: i128,
}

/// One claim: a quantity lies between two decimals.
pub struct Claim<'a> {
    /// The name of the quantity.
    pub quantity: &'a str,
    /// The degree or the number of the quantity.
    pub j: u64,
    /// The ends, in words and as fractions.
    pub ends: [(&'a str, Rational); 2],
}

/// The fields up to the claims.
pub struct Certificate<'a> {
    /// `zonal`, `all-d`, `identity`, `spectrum` or `lemma-2`.
    pub kind: &'a str,
    /// `sigmoid`, `tanh` or `erf`.
    pub activation: &'a str,
    /// The shift b of σ(z) = activation(z − b).
    pub shift: Rational,
    /// The dimension; where d1 is given, the one from which on the limit lemma is used.
    pub d: u64,
    /// The dimension that the limit lemma compares with, in certificates of every d ≥ 3.
    pub d1: Option<u64>,
    /// The half width L of the interval of the polynomial.
    pub width: Rational,
    /// The polynomial is 2^-scale Σ c_k T_k(u/L).
    pub scale: u64,
    /// The coefficients c_k.
    pub coefficients: Vec<BigInt>,
    /// The a priori bound Y of the polynomial's error.
    pub bound: Rational,
    /// Eigenpairs, in the kinds spectrum and lemma-2.
    pub pairs: Option<Eigenpairs<'a>>,
    /// The claims.
    pub claims: Vec<Claim<'a>>,
}

/// Reads the fields up to the claims; what follows is the statement and the hash.
pub fn read<'a>(r: &mut Reader<'a>) -> Checked<Certificate<'a>> {
    let format = r.key("format")?.string(Some)?;
    ensure(format == "escapement-certificate", "F1", "the file is no certificate of this project")?;
    let version = r.key("version")?.integer(9_999_999_999)?;
    let why = format!("the file has version {version}, and this checker reads version 1");
    ensure(version == 1, "F1", why)?;
    let one_of = |names: &'static [&str]| move |text| names.contains(&text).then_some(text);
    let kind = r.key("kind")?.string(one_of(&["zonal", "all-d", "identity", "spectrum", "lemma-2"]))?;
    let activation = r.key("activation")?.string(one_of(&["sigmoid", "tanh", "erf"]))?;
    let shift = r.key("shift")?.string(|text| rational(text, 64))?;
    let every = kind == "all-d" || kind == "identity" && r.clone().key("d").is_err();
    let dimensions = match every {
        true => r.key("d_range")?.array(2, |r| r.integer(100_000))?,
        false => vec![r.key("d")?.integer(1_000_000)?],
    };
    let good = !every || dimensions.len() == 2 && dimensions[0] <= 5000;
    ensure(good, "F2", "d_range is not two whole numbers, the first at most 5000")?;
    let width = r.key("L")?.string(|text| rational(text, 64))?;
    let scale = r.key("scale")?.integer(512)?;
    let coefficients = r.key("coefficients")?.array(4097, |r| r.string(|text| whole(text, 1024)))?;
    let bound = r.key("Y")?.string(|text| rational(text, 4096))?;
    let pairs = if matches!(kind, "spectrum" | "lemma-2") { Some(eigenpairs(r)?) } else { None };
    let claims = r.key("claims")?.array(4096, claim)?;
    ensure(!coefficients.is_empty() && !claims.is_empty(), "F2", "an array is empty")?;
    // The direct loop of C2 takes so many multiplications.
    let work = dimensions[0] as usize * coefficients.len() * claims.len();
    ensure(!every || work <= 30_000_000, "F2", "d0 × coefficients × claims is above 3·10^7")?;
    let (d, d1) = (dimensions[0], dimensions.get(1).copied());
    Ok(Certificate { kind, activation, shift, d, d1, width, scale, coefficients, bound, pairs, claims })
}

/// The fields of the kinds that have weights.
fn eigenpairs<'a>(r: &mut Reader<'a>) -> Checked<Eigenpairs<'a>> {
    let weights_sha256 = r.key("weights_sha256")?.string(digest)?;
    let degrees = r.key("J")?.integer(512)?;
    let low = r.key("k")?.integer(degrees)?;
    let vectors = r.key("V")?.array(2000, |r| r.array(2000, |r| r.string(|text| whole(text, 55))))?;
    let values = r.key("D")?.array(2000, |r| r.string(|text| whole(text, 71)))?;
    let mu = r.key("mu")?.string(|text| whole(text, 71))?;
    let n = vectors.first().map_or(0, Vec::len);
    Ok(Eigenpairs { weights_sha256, degrees, low, n, vectors, values, mu })
}

/// One claim.
fn claim<'a>(r: &mut Reader<'a>) -> Checked<Claim<'a>> {
    let end = |text| Some((text, decimal(text)?));
    let quantity = r.due(b'[')?.string(Some)?;
    let j = r.due(b',')?.integer(4096)?;
    let ends = [r.due(b',')?.string(end)?, r.due(b',')?.string(end)?];
    r.due(b']')?;
    Ok(Claim { quantity, j, ends })
}
