//! `Patient/$match`: people are found through what is written wrong or left out.

use crate::common::TestApp;
use crate::crowd::{ask, crowd, grades};
use crate::world::nhs;

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_through_what_is_written_wrong() {
    let app = TestApp::start().await;
    let source = crowd(&app).await;
    let anna = "family=Müller-Núñez; given=Anna Maria; born=1963-06-09; postcode=W8 1YL; gender=female";
    let numbered = format!("number={}", nhs(1));
    for (parts, wanted) in [
        // The number.
        (format!("{numbered}; {anna}"), &[("anna", "certain")][..]),
        (format!("{numbered}; born=1963-06-09"), &[("anna", "certain")]),
        (format!("{numbered}; family=Schmidt; given=Anna; born=1963-06-09"), &[("anna", "certain")]),
        (format!("{numbered}; family=Muller; given=Anna; born=1963-09-06"), &[("anna", "probable")]),
        (format!("{numbered}; family=Müller-Núñez; given=Anna"), &[("anna", "probable")]),
        (numbered.clone(), &[("anna", "possible")]),
        (format!("{numbered}; family=Schmidt; given=Hans; born=1999-01-01; gender=male"), &[]),
        (
            format!("{numbered}; family=Müller-Núñez; given=Greta; born=1963-06-09; gender=female"),
            &[("anna", "probable")],
        ),
        // Everything but the number.
        (anna.to_owned(), &[("anna", "certain")]),
        (
            "family=MULLER NUNEZ; given=ANNA; born=1963-06-09; postcode=w81yl; gender=female".to_owned(),
            &[("anna", "certain")],
        ),
        (format!("number={}; {anna}", nhs(9)), &[("anna", "possible")]),
        // Slips.
        (
            "family=Müler-Núñez; given=Anna; born=1963-06-09; postcode=W8 1YL; gender=female".to_owned(),
            &[("anna", "probable")],
        ),
        (
            "family=Núñez; given=Anna; born=1963-06-09; postcode=W8 1YL; gender=female".to_owned(),
            &[("anna", "probable")],
        ),
        (
            "family=Müller; given=Ana; born=1963-06-09; postcode=W8 1YL; gender=female".to_owned(),
            &[("anna", "probable")],
        ),
        (
            "family=Muller-Nunez; given=A; born=1963-06-09; postcode=W8 1YL; gender=female".to_owned(),
            &[("anna", "probable")],
        ),
        ("family=Müller-Núñez; given=Maria; born=1963-06-09; postcode=W8 1YL".to_owned(), &[("anna", "probable")]),
        (
            "family=Anna; given=Müller-Núñez; born=1963-06-09; postcode=W8 1YL; gender=female".to_owned(),
            &[("anna", "probable")],
        ),
        (
            "family=Müller-Núñez; given=Anna; born=1963-09-06; postcode=W8 1YL; gender=female".to_owned(),
            &[("anna", "possible")],
        ),
        (
            "family=Müller-Núñez; given=Anna; born=1936-06-09; postcode=W8 1YL; gender=female".to_owned(),
            &[("anna", "possible")],
        ),
        (
            "family=Müller-Núñez; given=Anna; born=1963-06-09; postcode=W8 1YY; gender=female".to_owned(),
            &[("anna", "probable")],
        ),
        // Missing parts.
        ("family=Müller-Núñez; given=Anna; born=1963-06-09".to_owned(), &[("anna", "possible")]),
        ("family=Müller-Núñez; given=Anna; postcode=W8 1YL".to_owned(), &[("anna", "possible")]),
        (
            "family=Müller-Núñez; given=Anna; born=1963; postcode=W8 1YL; gender=female".to_owned(),
            &[("anna", "possible")],
        ),
        ("born=1963-06-09; postcode=W8 1YL".to_owned(), &[("anna", "possible")]),
        (
            "family=Schmidt; given=Anna; born=1963-06-09; postcode=W8 1YL; gender=female".to_owned(),
            &[("anna", "possible")],
        ),
        ("family=Schmidt; given=Greta; born=1963-06-09; postcode=W8 1YL; gender=female".to_owned(), &[]),
        ("family=Müller-Núñez; given=Anna; born=1999-01-01; postcode=W8 1YL; gender=female".to_owned(), &[]),
        ("family=Nobody; given=Else; born=1963-06-09".to_owned(), &[]),
        // Apostrophes, and letters that have no sound in English.
        (
            "family=OBrien; given=Sean; born=1950-12-03; postcode=SE155FU; gender=male".to_owned(),
            &[("obrien", "certain")],
        ),
        (
            "family=O’Brien; given=Seán; born=1950-12-03; postcode=SE15 5FU; gender=male".to_owned(),
            &[("obrien", "certain")],
        ),
        (
            "family=Солнцева; given=Ольга; born=1977-10-30; postcode=NW3 2QG; gender=female".to_owned(),
            &[("cyrillic", "certain")],
        ),
        ("family=Солнцева; given=Ольга; born=1977-10-30".to_owned(), &[("cyrillic", "possible")]),
        // A hospital's own number.
        ("id=H1; born=1963-06-09".to_owned(), &[("anna", "certain")]),
        ("id=H1".to_owned(), &[("anna", "possible")]),
        ("id=H2".to_owned(), &[]),
        // Without a number there.
        (
            format!(
                "number={}; family=Adeyemi; given=Blessing; born=1985-02-28; postcode=E8 3RL; gender=female",
                nhs(12)
            ),
            &[("unnumbered", "certain")],
        ),
    ] {
        let wanted: Vec<(String, String)> =
            wanted.iter().map(|(id, grade)| ((*id).to_owned(), (*grade).to_owned())).collect();
        assert_eq!(grades(&ask(&source, &parts).await), wanted, "{parts}");
    }
}
