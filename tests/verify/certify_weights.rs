use escapement::{seed, sphere::uniform_sphere};
use escapement_check::check;
use escapement_verify::certify::{Shifted, lemma_2, spectrum};
use std::time::Instant;

#[test]
fn trial() {
    let only = std::env::var("ONLY").unwrap_or_default();
    for (a, d, p, k, top, worst) in [
        ("sigmoid:1", 3, 10, 1, None, false),
        ("tanh:0.5", 3, 10, 1, None, false),
        ("erf:0.7", 3, 10, 1, None, false),
        ("sigmoid:1", 3, 10, 1, None, true),
        ("sigmoid:1", 3, 10, 1, Some(4), true),
        ("sigmoid:1", 4, 20, 1, None, false),
        ("sigmoid:1", 4, 20, 1, Some(5), false),
        ("sigmoid:1", 4, 20, 1, Some(5), true),
        ("sigmoid:1", 10, 20, 1, Some(11), false),
        ("sigmoid:1", 4, 50, 1, None, false),
        ("sigmoid:1", 3, 100, 1, None, false),
        ("sigmoid:1", 10, 100, 1, Some(11), false),
        ("sigmoid:1", 10, 100, 1, Some(11), true),
    ] {
        let name = format!("{a} {d} {p} {k} {top:?} {worst}");
        if !name.contains(&only) {
            continue;
        }
        let w = uniform_sphere(&mut seed::stream(1, "certify", "weights"), p, d, 1.0);
        let start = Instant::now();
        let of = Shifted::parse(a).unwrap();
        let made = if worst { lemma_2(&of, &w, k, top) } else { spectrum(&of, &w, k, top) };
        let t = start.elapsed().as_secs_f64();
        let made = match made {
            Ok(m) => m,
            Err(e) => {
                println!("{name}: {e}");
                continue;
            }
        };
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("W0.npy"), &made.weights).unwrap();
        let start = Instant::now();
        let found = check(made.certificate.text.as_bytes(), dir.path());
        let c = start.elapsed().as_secs_f64();
        println!(
            "{name}: {} bytes make {t:.2} check {c:.2} {}",
            made.certificate.text.len(),
            made.precision
        );
        match found {
            Err(e) => println!("   REJECTED {e}"),
            Ok(a) => {
                assert_eq!(a.statement, made.certificate.statement);
                let c = &made.certificate.claims;
                for x in c.iter().take(2).chain(c.iter().rev().take(4)) {
                    println!("   {} {} [{}, {}]", x.quantity, x.j, x.lo, x.hi);
                }
            }
        }
    }
}
