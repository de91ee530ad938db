//! How much memory there is, and sizes as people write them.

use std::fs;

/// What is assumed where the machine does not say.
const FALLBACK: u64 = 4 << 30;

/// The memory of this machine in bytes: the total, or the limit of the control group that this process runs
/// in where that is lower; 4 GiB where neither can be read. The default limit of everything that chooses by
/// memory: a total, not what happens to be free, so that the same command makes the same choice twice.
pub fn total() -> u64 {
    let read = |path: &str| fs::read_to_string(path).ok();
    let machine = read("/proc/meminfo").and_then(|text| parse_meminfo(&text));
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let group = group
        .iter()
        .filter_map(|path| read(path)?.trim().parse::<u64>().ok())
        .filter(|&bytes| bytes > 0)
        .min();
    match (machine, group) {
        (Some(a), Some(b)) => a.min(b),
        (Some(a), None) => a,
        // Without a total, a group that is not limited shows a number near 2⁶³.
        (None, Some(b)) if b < 1 << 50 => b,
        _ => FALLBACK,
    }
}

fn parse_meminfo(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Bytes of a size such as `4GiB`, `512MiB`, `1.5G` or `4e9`. `G` and `GB` count as GiB, and so on.
///
/// # Errors
/// A number that is not positive and finite, or a unit that is none of B, KiB, MiB, GiB, TiB.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let allowed = "a size is a positive number with a unit, as 4GiB or 512MiB";
    let trimmed = text.trim();
    // An exponent belongs to the number: 4e9 is bytes.
    let split = trimmed.len() - trimmed.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
    let (number, unit) = trimmed.split_at(trimmed.len() - split);
    let shift = match unit.to_ascii_lowercase().trim_end_matches('b').trim_end_matches('i') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return Err(format!("the unit '{unit}' is not known: {allowed}")),
    };
    let value: f64 = number.trim().parse().map_err(|_| allowed.to_string())?;
    let bytes = value * (1_u64 << shift) as f64;
    if bytes.is_finite() && bytes >= 1.0 && bytes < u64::MAX as f64 {
        Ok(bytes as u64)
    } else {
        Err(allowed.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_they_are_written() {
        for (text, bytes) in [
            ("4GiB", 4 << 30),
            ("512 MiB", 512 << 20),
            ("1.5g", 3 << 29),
            ("4e9", 4_000_000_000),
            ("2kb", 2048),
            ("7", 7),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "GiB", "-1GiB", "0", "nan", "4 parsecs", "1e40GiB", "inf"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_total_is_found_and_is_plausible() {
        assert!(total() >= 1 << 26);
        assert_eq!(parse_meminfo("MemFree: 3 kB\nMemTotal:       16 kB\n"), Some(16 * 1024));
        assert_eq!(parse_meminfo("nothing"), None);
    }
}
