//! Owns names: the tables a London name is drawn from, with the accents, apostrophes and hyphens
//! that search has to cope with.

use super::people::Sex;
use super::rng::Rng;

/// Names that go together, how common they are, and the language some of these families speak.
pub(super) struct Origin {
    weight: u32,
    pub(super) language: (&'static str, &'static str),
    female: &'static [&'static str],
    male: &'static [&'static str],
    families: &'static [&'static str],
}

const ENGLISH: (&str, &str) = ("en", "English");

const ORIGINS: [Origin; 13] = [
    Origin {
        weight: 360,
        language: ENGLISH,
        female: &["Amelia", "Charlotte", "Chloë", "Dorothy", "Eleanor", "Freya", "Grace", "Hazel", "Imogen", "Jean",
            "Margaret", "Olivia", "Patricia", "Ruby", "Susan", "Zoë"],
        male: &["Alfie", "Arthur", "Brian", "Charlie", "Derek", "Edward", "Freddie", "George", "Harry", "Keith",
            "Leo", "Noah", "Oliver", "Peter", "Stephen", "William"],
        families: &["Baker", "Bennett", "Clarke", "Cooper", "Edwards", "Green", "Harris", "Jackson", "Palmer", "Shaw",
            "Smith", "Taylor", "Turner", "Walker", "Wright", "Young"],
    },
    Origin {
        weight: 60,
        language: ENGLISH,
        female: &["Aoife", "Bridget", "Caitlín", "Máire", "Orla", "Róisín", "Sinéad", "Siobhán"],
        male: &["Cormac", "Declan", "Eamonn", "Kieran", "Liam", "Pádraig", "Ruairí", "Seán"],
        families: &["Byrne", "Doyle", "Fitzgerald", "Kelly", "McCarthy", "O'Brien", "O'Connor", "O'Sullivan", "Ó Súilleabháin"],
    },
    Origin {
        weight: 40,
        language: ENGLISH,
        female: &["Angharad", "Carys", "Ffion", "Megan", "Rhiannon", "Siân"],
        male: &["Aled", "Dylan", "Gethin", "Huw", "Owain", "Rhys"],
        families: &["Davies", "Evans", "Griffiths", "Jones", "Lloyd-Evans", "Morgan", "Pryce", "Thomas"],
    },
    Origin {
        weight: 90,
        language: ("bn", "Bengali"),
        female: &["Ayesha", "Farzana", "Nasrin", "Rahima", "Rokeya", "Salma", "Shirin", "Tahmina"],
        male: &["Abdul", "Faisal", "Imran", "Jubair", "Mohammed", "Rafiq", "Shahid", "Tareq"],
        families: &["Ahmed", "Ali", "Begum", "Choudhury", "Hussain", "Islam", "Miah", "Rahman", "Uddin"],
    },
    Origin {
        weight: 90,
        language: ("gu", "Gujarati"),
        female: &["Anjali", "Bhavna", "Devi", "Hetal", "Kavita", "Meera", "Priya", "Sunita"],
        male: &["Amit", "Dinesh", "Harish", "Jayesh", "Kiran", "Nikhil", "Rajesh", "Suresh"],
        families: &["Desai", "Joshi", "Mehta", "Mistry", "Patel", "Shah", "Solanki", "Vyas"],
    },
    Origin {
        weight: 50,
        language: ("pa", "Punjabi"),
        female: &["Amrit", "Gurpreet", "Harjit", "Jasleen", "Manpreet", "Simran"],
        male: &["Balbir", "Gurdeep", "Harpreet", "Jaswinder", "Manjit", "Sukhdev"],
        families: &["Bains", "Dhillon", "Gill", "Kaur", "Sandhu", "Sidhu", "Singh"],
    },
    Origin {
        weight: 90,
        language: ("yo", "Yoruba"),
        female: &["Abimbola", "Abena", "Adaeze", "Folaṣadé", "Ngozi", "Olúwaṣeun", "Temitope", "Yewande"],
        male: &["Adebayo", "Chukwuemeka", "Femi", "Kofi", "Kwame", "Olumide", "Tunde", "Ifeanyi"],
        families: &["Acheampong", "Adeyemi", "Boateng", "Eze", "Mensah", "Nwosu", "Okafor", "Owusu", "Oyelaran-Smith"],
    },
    Origin {
        weight: 50,
        language: ENGLISH,
        female: &["Althea", "Beverley", "Camille", "Gloria", "Marcia", "Yvonne"],
        male: &["Clive", "Delroy", "Errol", "Jermaine", "Leroy", "Winston"],
        families: &["Baptiste", "Campbell", "Francis", "Grant", "Joseph", "St. Hilaire", "Samuels", "Williams"],
    },
    Origin {
        weight: 45,
        language: ("so", "Somali"),
        female: &["Amina", "Fadumo", "Hodan", "Ifrah", "Sagal", "Zahra"],
        male: &["Abdirahman", "Bashir", "Guled", "Hassan", "Liban", "Yusuf"],
        families: &["Abdi", "Elmi", "Farah", "Jama", "Mohamud", "Nur", "Warsame"],
    },
    Origin {
        weight: 50,
        language: ("pl", "Polish"),
        female: &["Agnieszka", "Grażyna", "Katarzyna", "Małgorzata", "Zofia", "Żaneta"],
        male: &["Grzegorz", "Jakub", "Łukasz", "Paweł", "Stanisław", "Wojciech"],
        families: &["Kaczmarek", "Łuczak", "Mazur", "Nowak", "Pietrzak", "Wójcik", "Żak"],
    },
    Origin {
        weight: 35,
        language: ("tr", "Turkish"),
        female: &["Ayşe", "Çiğdem", "Elif", "Gülşen", "Özlem", "Şule"],
        male: &["Ahmet", "Çağlar", "İbrahim", "Mehmet", "Oğuz", "Şükrü"],
        families: &["Aydın", "Çelik", "Demir", "Kaya", "Öztürk", "Şahin", "Yılmaz"],
    },
    Origin {
        weight: 40,
        language: ("pt", "Portuguese"),
        female: &["Beatriz", "Conceição", "Inês", "Luísa", "Thaís", "Verónica"],
        male: &["André", "Duarte", "João", "José", "Luís", "Sebastião"],
        families: &["da Silva", "D'Souza", "Fernandes", "Gonçalves", "Magalhães", "Muñoz", "Sánchez-Vega"],
    },
    Origin {
        weight: 40,
        language: ("zh", "Chinese"),
        female: &["Hui", "Li Na", "Mei", "Siu-Ling", "Thị Hoa", "Xiu"],
        male: &["Bao", "Chun-Wai", "Hao", "Minh", "Wei", "Zhiqiang"],
        families: &["Chan", "Chen", "Lam", "Li", "Nguyễn", "Trần", "Wong", "Zhang"],
    },
];

/// A name of one origin.
pub(super) struct Name {
    pub(super) family: String,
    pub(super) given: Vec<&'static str>,
    pub(super) origin: &'static Origin,
}

pub(super) fn name(rng: &mut Rng, sex: Sex) -> Name {
    let origin = &ORIGINS[rng.weighted(&ORIGINS.each_ref().map(|origin| origin.weight))];
    let mut given = vec![origin.given(rng, sex)];
    if rng.permille(350) {
        let second = origin.given(rng, sex);
        if second != given[0] {
            given.push(second);
        }
    }
    let mut family = origin.family(rng).to_owned();
    // A double-barrelled name joins two families, often of different origins.
    if rng.permille(40) && !family.contains(['-', ' ']) {
        let other = rng.pick(&ORIGINS).family(rng);
        if other != family && !other.contains(['-', ' ']) {
            family = format!("{family}-{other}");
        }
    }
    Name { family, given, origin }
}

impl Origin {
    pub(super) fn family(&self, rng: &mut Rng) -> &'static str {
        *rng.pick(self.families)
    }

    pub(super) fn given(&self, rng: &mut Rng, sex: Sex) -> &'static str {
        let names = match sex {
            Sex::Female => self.female,
            Sex::Male => self.male,
        };
        *rng.pick(names)
    }
}

/// The title that goes with sex and age.
pub(super) fn title(rng: &mut Rng, sex: Sex, age: i64) -> &'static str {
    match (sex, age) {
        (Sex::Male, ..16) => "Master",
        (Sex::Female, ..16) => "Miss",
        (Sex::Male, _) => ["Mr", "Dr", "Rev"][rng.weighted(&[960, 35, 5])],
        (Sex::Female, 16..30) => ["Miss", "Ms", "Mrs", "Dr"][rng.weighted(&[500, 350, 120, 30])],
        (Sex::Female, _) => ["Mrs", "Ms", "Miss", "Dr"][rng.weighted(&[600, 230, 130, 40])],
    }
}
