//! Counts of invariants against the enumeration of another program, and what is refused.

use crate::data::json;
use escapement::gaussian::invariants::Group;

#[test]
fn orbits_one_by_one() {
    let mut numbers = 0;
    for entry in json("sidebar.json")["orbits"].as_array().unwrap() {
        let d = entry["d"].as_u64().unwrap() as usize;
        for of in entry["groups"].as_array().unwrap() {
            let group = match of["group"].as_str().unwrap() {
                "cyclic" => Group::Cyclic(d),
                "dihedral" => Group::Dihedral(d),
                "symmetric" => Group::Symmetric(d),
                _ => Group::Trivial(d),
            };
            assert_eq!(group.d(), d);
            assert_eq!(
                group.subsets().unwrap(),
                u128::from(of["subset_orbits"].as_u64().unwrap()),
                "{group:?}"
            );
            for (k, count) in of["monomial_orbits"].as_object().unwrap() {
                let found = group.monomials(k.parse().unwrap()).unwrap();
                assert_eq!(found, u128::from(count.as_u64().unwrap()), "{group:?} {k}");
                numbers += 1;
            }
        }
    }
    assert!(numbers > 30);
    assert_eq!(Group::Cyclic(5).monomials(0).unwrap(), 1);
    assert_eq!(Group::Symmetric(3).monomials(0).unwrap(), 1);
    assert_eq!(Group::Dihedral(4).monomials(0).unwrap(), 1);
}

#[test]
fn what_is_not_allowed() {
    assert!(Group::Cyclic(0).monomials(2).unwrap_err().to_string().contains("at most 64"));
    assert!(Group::Trivial(usize::MAX / 2).monomials(9).unwrap_err().to_string().contains("2^127"));
    assert!(Group::Trivial(4).monomials(65).is_err());
    assert!(Group::Symmetric(65).subsets().is_err() && Group::Cyclic(0).subsets().is_err());
}
