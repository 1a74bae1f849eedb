//! Owns the templates of care plans: who makes one, for whom, with which activities.

use super::super::organisations::Kind;
use super::conditions::Tag;

pub struct Template {
    /// For people with this, or of this age when none.
    pub tag: Option<Tag>,
    pub from_age: i64,
    pub permille: u32,
    pub title: &'static str,
    pub category: (&'static str, &'static str),
    pub by: Kind,
    pub activities: &'static [(&'static str, &'static str, &'static str)],
}

const fn plan(
    tag: Option<Tag>,
    from_age: i64,
    permille: u32,
    by: Kind,
    title: &'static str,
    category: (&'static str, &'static str),
    activities: &'static [(&'static str, &'static str, &'static str)],
) -> Template {
    Template {
        tag,
        from_age,
        permille,
        title,
        category,
        by,
        activities,
    }
}

pub const TEMPLATES: &[Template] = &[
    plan(None, 84, 180, Kind::Community, "Anticipatory care plan", ("736373009", "End of life care plan"), &[
        ("182836005", "Review of medication", "Medicines reviewed with the palliative care team"),
        ("225358003", "Wound care", "Pressure areas checked at each visit"),
    ]),
    plan(Some(Tag::Dementia), 60, 800, Kind::MentalHealth, "Dementia care plan", ("718347000", "Mental health care plan"), &[
        ("182836005", "Review of medication", "Six-monthly review at the memory clinic"),
        ("315043002", "Long term social support", "Day centre on Tuesdays and Thursdays"),
    ]),
    plan(Some(Tag::Psychosis), 18, 850, Kind::MentalHealth, "Recovery and crisis plan", ("718347000", "Mental health care plan"), &[
        ("182836005", "Review of medication", "Medicines and weight reviewed every three months"),
        ("229065009", "Exercise therapy", "Gym referral, twice a week"),
    ]),
    plan(Some(Tag::Cancer), 18, 700, Kind::Acute, "Cancer care plan", ("395082007", "Cancer care plan"), &[
        ("182836005", "Review of medication", "Review in clinic with blood results"),
        ("229065009", "Exercise therapy", "Gentle exercise as able"),
    ]),
    plan(Some(Tag::HeartFailure), 40, 500, Kind::Community, "Heart failure self management plan", ("735984001", "Heart failure self management plan"), &[
        ("182836005", "Review of medication", "Heart failure nurse titrates the dose"),
        ("229065009", "Exercise therapy", "Cardiac rehabilitation, eight sessions"),
    ]),
    plan(Some(Tag::Copd), 40, 500, Kind::Community, "COPD management plan", ("412776001", "Chronic obstructive pulmonary disease clinical management plan"), &[
        ("710081004", "Smoking cessation therapy", "Offered at every contact"),
        ("15081005", "Pulmonary rehabilitation", "Twelve sessions at the community hospital"),
    ]),
    plan(Some(Tag::Diabetes2), 18, 650, Kind::Practice, "Diabetes care plan", ("698360004", "Diabetes self management plan"), &[
        ("160670007", "Diabetic diet", "Structured education booked"),
        ("401191002", "Diabetic foot examination", "Feet checked every year"),
    ]),
    plan(Some(Tag::Diabetes1), 2, 900, Kind::Acute, "Type 1 diabetes care plan", ("698360004", "Diabetes self management plan"), &[
        ("160670007", "Diabetic diet", "Carbohydrate counting with the dietitian"),
    ]),
    plan(Some(Tag::Asthma), 5, 550, Kind::Practice, "Personal asthma action plan", ("699728000", "Asthma self management"), &[
        ("182836005", "Review of medication", "Inhaler technique checked every year"),
    ]),
    plan(Some(Tag::Depression), 16, 350, Kind::MentalHealth, "Talking therapies plan", ("718347000", "Mental health care plan"), &[
        ("229065009", "Exercise therapy", "Behavioural activation: a walk each day"),
    ]),
    plan(None, 70, 200, Kind::Council, "Care and support plan", ("315043002", "Long term social support"), &[
        ("315043002", "Long term social support", "Home carer each morning, help with washing and dressing"),
        ("160670007", "Diabetic diet", "Meals delivered on weekdays"),
    ]),
    plan(None, 18, 240, Kind::Practice, "Personalised care and support plan", ("734163000", "Care plan"), &[
        ("226234005", "Healthy diet", "Goal: lose 3 kg before the next review"),
        ("229065009", "Exercise therapy", "Goal: walk for 30 minutes on five days a week"),
    ]),
];
