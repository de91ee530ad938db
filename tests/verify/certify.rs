//! Certificates that the prover makes are accepted by the checker.

use escapement_check::check;
use escapement_verify::certify::{Certificate, Shifted, every_d, identity, identity_for_every_d, zonal};
use std::time::Instant;

fn show(what: &str, made: impl FnOnce() -> escapement_verify::Result<Certificate>) {
    let start = Instant::now();
    let made = made();
    let make = start.elapsed().as_secs_f64();
    match made {
        Err(e) => println!("{what}: {e}"),
        Ok(c) => {
            let start = Instant::now();
            let found = check(c.text.as_bytes(), ".".as_ref());
            let t = start.elapsed().as_secs_f64();
            match found {
                Ok(a) => {
                    assert_eq!(a.statement, c.statement);
                    println!(
                        "{what}: {} bytes make {make:.2} check {t:.2} {}",
                        c.text.len(),
                        &c.statement[..c.statement.len().min(300)]
                    )
                }
                Err(e) => println!("{what}: REJECTED {e} make {make:.2}"),
            }
        }
    }
}

#[test]
fn trial() {
    let of = |t: &str| Shifted::parse(t).unwrap();
    for d in [3, 10, 100, 1000] {
        for a in ["sigmoid:1", "tanh:0.5", "erf:0.7"] {
            show(&format!("zonal {a} {d}"), || zonal(&of(a), d, 8));
        }
    }
    show("id 3", || identity(&of("sigmoid:1"), 3));
    show("id tanh 8", || identity(&of("tanh:1/2"), 8));
    show("id every", || identity_for_every_d(&of("sigmoid:1")));
    show("id every tanh", || identity_for_every_d(&of("tanh:0.5")));
    show("all sigmoid", || every_d(&of("sigmoid:1"), 2, 4));
    show("all tanh", || every_d(&of("tanh:0.5"), 1, 2));
    show("all erf", || every_d(&of("erf:0.7"), 1, 2));
}
