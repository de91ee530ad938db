//! The file: obligations F1 (keys, order, version) and F2 (grammar, shapes, limits). The reader knows which
//! token is due next, and checks every limit before it allocates what is limited.

use super::{BigInt, Checked, Rational, ensure, need};

/// A whole number of at most `bits` bits in lower-case hexadecimal digits, spelled in the one way.
pub fn whole<T: TryFrom<BigInt>>(text: &str, bits: u64) -> Option<T> {
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
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let good = text.len() <= 400 && !fraction.is_empty() && fraction.bytes().all(|c| c.is_ascii_digit());
    let parse = |digits: &str| if good { BigInt::parse_bytes(digits.as_bytes(), 10) } else { None };
    let (before, num) = (parse(whole)?, parse(&format!("{whole}{fraction}"))?);
    let plain = before.to_string() == whole || whole == "-0" && num < BigInt::ZERO;
    plain.then(|| Rational { num, den: BigInt::from(10).pow(fraction.len() as u32) })
}

/// What is left to read of a text in ASCII.
#[derive(Clone)]
pub struct Reader<'a>(pub &'a str);

impl<'a> Reader<'a> {
    /// Takes the next token: a string with its quotes, digits, or one character.
    fn token(&mut self) -> &'a str {
        let rest = self.0.trim_start_matches([' ', '\n', '\r', '\t']);
        let string = |c: char| !(' '..='~').contains(&c) || c == '"' || c == '\\';
        let length = match rest.bytes().next() {
            Some(b'"') => rest[1..].find(string).map_or(1, |length| length + 2),
            Some(b'0'..=b'9') => rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()),
            first => usize::from(first.is_some()),
        };
        self.0 = &rest[length..];
        &rest[..length]
    }

    /// Takes the token that is due.
    pub fn due(&mut self, token: &str) -> Checked<&mut Self> {
        let found = self.token();
        ensure(found == token, "F2", format!("`{token}` is due, and {found:.40} is there"))?;
        Ok(self)
    }

    /// Takes a string of printable ASCII without escapes that `read` understands.
    pub fn string<T>(&mut self, read: impl Fn(&'a str) -> Option<T>) -> Checked<T> {
        let token = self.token();
        let text = token.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        need(text.and_then(read), "F2", format!("the string {token:.40} is malformed or beyond the limits"))
    }

    /// Takes a plain whole number from 0 to `most`.
    pub fn integer(&mut self, most: u64) -> Checked<u64> {
        let token = self.token();
        let n = token.parse().ok().filter(|n: &u64| n.to_string() == token && *n <= most);
        need(n, "F2", format!("a whole number from 0 to {most} is due, and {token:.40} is there"))
    }

    /// Takes an array of 1 to `most` elements, each by `element`.
    fn array<T>(&mut self, most: usize, element: impl Fn(&mut Self) -> Checked<T>) -> Checked<Vec<T>> {
        let mut elements = vec![element(self.due("[")?)?];
        while self.clone().token() == "," {
            ensure(elements.len() < most, "F2", format!("an array has more than {most} elements"))?;
            elements.push(element(self.due(",")?)?);
        }
        self.due("]")?;
        Ok(elements)
    }

    /// Takes the key that is due, with what stands before and behind.
    pub fn key(&mut self, name: &str) -> Checked<&mut Self> {
        let before = if name == "format" { "{" } else { "," };
        let found = self.token() == before && self.token() == format!("\"{name}\"") && self.token() == ":";
        ensure(found, "F1", format!("the key `{name}` is due"))?;
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
    /// The r vectors, each n entries in units of 2^-54.
    pub vectors: Vec<Vec<i64>>,
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
    /// The dimension, or 3 in certificates of every d ≥ 3.
    pub d: u64,
    /// In certificates of every d ≥ 3, the dimensions from each of which bounds serve up to the next.
    pub starts: Vec<u64>,
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
    ensure(version == 1, "F1", format!("the file has version {version}, and this checker reads version 1"))?;
    let one_of = |names: &'static [&str]| move |text| names.contains(&text).then_some(text);
    let kind = r.key("kind")?.string(one_of(&["zonal", "all-d", "identity", "spectrum", "lemma-2"]))?;
    let activation = r.key("activation")?.string(one_of(&["sigmoid", "tanh", "erf"]))?;
    let shift = r.key("shift")?.string(|text| rational(text, 64))?;
    let every = kind == "all-d" || kind == "identity" && r.clone().key("d").is_err();
    let (d, starts) = match every {
        true => (3, r.key("d_range")?.array(4096, |r| r.integer(1_000_000))?),
        false => (r.key("d")?.integer(1_000_000)?, Vec::new()),
    };
    let width = r.key("L")?.string(|text| rational(text, 64))?;
    let scale = r.key("scale")?.integer(512)?;
    let coefficients = r.key("coefficients")?.array(4097, |r| r.string(|text| whole(text, 1024)))?;
    let bound = r.key("Y")?.string(|text| rational(text, 4096))?;
    let pairs = match kind {
        "spectrum" | "lemma-2" => Some(Eigenpairs {
            weights_sha256: r.key("weights_sha256")?.string(Some)?,
            degrees: r.key("J")?.integer(512)?,
            low: r.key("k")?.integer(512)?,
            vectors: r.key("V")?.array(2000, |r| r.array(2000, |r| r.string(|text| whole(text, 55))))?,
            values: r.key("D")?.array(2000, |r| r.string(|text| whole(text, 71)))?,
            mu: r.key("mu")?.string(|text| whole(text, 71))?,
        }),
        _ => None,
    };
    ensure(pairs.as_ref().is_none_or(|pairs| pairs.low <= pairs.degrees), "F2", "k is above J")?;
    let claims = r.key("claims")?.array(4096, claim)?;
    // C2 takes some multiple of so many multiplications.
    let steps: usize = claims.iter().map(|c| starts.len() * coefficients.len() * (c.j as usize + 1)).sum();
    ensure(steps <= 30_000_000, "F2", "d_range × coefficients × (j + 1 of all claims) is above 3·10^7")?;
    Ok(Certificate { kind, activation, shift, d, starts, width, scale, coefficients, bound, pairs, claims })
}

/// One claim.
fn claim<'a>(r: &mut Reader<'a>) -> Checked<Claim<'a>> {
    let end = |text| Some((text, decimal(text)?));
    let quantity = r.due("[")?.string(Some)?;
    let j = r.due(",")?.integer(4096)?;
    let ends = [r.due(",")?.string(end)?, r.due(",")?.string(end)?];
    r.due("]")?;
    Ok(Claim { quantity, j, ends })
}
