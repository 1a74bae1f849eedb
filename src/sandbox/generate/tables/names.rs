//! Owns the names of London: families and given names that go together, by origin.

/// Names that go together, how common they are, and the language some of these families speak.
pub struct Origin {
    pub weight: u32,
    /// Years of birth in which parents chose these names.
    pub born: (i32, i32),
    pub language: (&'static str, &'static str),
    pub female: &'static [&'static str],
    pub male: &'static [&'static str],
    pub families: &'static [&'static str],
}

const ENGLISH: (&str, &str) = ("en", "English");
const EVER: (i32, i32) = (0, 9999);

const ENGLISH_FAMILIES: &[&str] = &[
    "Baker", "Bennett", "Clarke", "Cooper", "Edwards", "Green", "Harris", "Jackson", "Palmer",
    "Shaw", "Smith", "Taylor", "Turner", "Walker", "Wright", "Young",
];

pub const ORIGINS: [Origin; 14] = [
    Origin {
        weight: 360,
        born: (0, 1974),
        language: ENGLISH,
        female: &["Anne", "Christine", "Dorothy", "Eileen", "Hazel", "Jean", "Margaret", "Maureen", "Patricia", "Susan"],
        male: &["Alan", "Brian", "Derek", "Edward", "George", "Keith", "Peter", "Raymond", "Stephen", "William"],
        families: ENGLISH_FAMILIES,
    },
    Origin {
        weight: 360,
        born: (1975, 9999),
        language: ENGLISH,
        female: &["Amelia", "Charlotte", "Chloë", "Eleanor", "Freya", "Grace", "Imogen", "Olivia", "Ruby", "Zoë"],
        male: &["Alfie", "Arthur", "Charlie", "Daniel", "Freddie", "Harry", "Jack", "Leo", "Noah", "Oliver"],
        families: ENGLISH_FAMILIES,
    },
    Origin {
        weight: 60,
        born: EVER,
        language: ENGLISH,
        female: &["Aoife", "Bridget", "Caitlín", "Máire", "Orla", "Róisín", "Sinéad", "Siobhán"],
        male: &["Cormac", "Declan", "Eamonn", "Kieran", "Liam", "Pádraig", "Ruairí", "Seán"],
        families: &["Byrne", "Doyle", "Fitzgerald", "Kelly", "McCarthy", "O'Brien", "O'Connor", "O'Sullivan", "Ó Súilleabháin"],
    },
    Origin {
        weight: 40,
        born: EVER,
        language: ENGLISH,
        female: &["Angharad", "Carys", "Ffion", "Megan", "Rhiannon", "Siân"],
        male: &["Aled", "Dylan", "Gethin", "Huw", "Owain", "Rhys"],
        families: &["Davies", "Evans", "Griffiths", "Jones", "Lloyd-Evans", "Morgan", "Pryce", "Thomas"],
    },
    Origin {
        weight: 90,
        born: EVER,
        language: ("bn", "Bengali"),
        female: &["Ayesha", "Farzana", "Nasrin", "Rahima", "Rokeya", "Salma", "Shirin", "Tahmina"],
        male: &["Abdul", "Faisal", "Imran", "Jubair", "Mohammed", "Rafiq", "Shahid", "Tareq"],
        families: &["Ahmed", "Ali", "Begum", "Choudhury", "Hussain", "Islam", "Miah", "Rahman", "Uddin"],
    },
    Origin {
        weight: 90,
        born: EVER,
        language: ("gu", "Gujarati"),
        female: &["Anjali", "Bhavna", "Devi", "Hetal", "Kavita", "Meera", "Priya", "Sunita"],
        male: &["Amit", "Dinesh", "Harish", "Jayesh", "Kiran", "Nikhil", "Rajesh", "Suresh"],
        families: &["Desai", "Joshi", "Mehta", "Mistry", "Patel", "Shah", "Solanki", "Vyas"],
    },
    Origin {
        weight: 50,
        born: EVER,
        language: ("pa", "Punjabi"),
        female: &["Amrit", "Gurpreet", "Harjit", "Jasleen", "Manpreet", "Simran"],
        male: &["Balbir", "Gurdeep", "Harpreet", "Jaswinder", "Manjit", "Sukhdev"],
        families: &["Bains", "Dhillon", "Gill", "Kaur", "Sandhu", "Sidhu", "Singh"],
    },
    Origin {
        weight: 90,
        born: EVER,
        language: ("yo", "Yoruba"),
        female: &["Abimbola", "Abena", "Adaeze", "Folaṣadé", "Ngozi", "Olúwaṣeun", "Temitope", "Yewande"],
        male: &["Adebayo", "Chukwuemeka", "Femi", "Kofi", "Kwame", "Olumide", "Tunde", "Ifeanyi"],
        families: &["Acheampong", "Adeyemi", "Boateng", "Eze", "Mensah", "Nwosu", "Okafor", "Owusu", "Oyelaran-Smith"],
    },
    Origin {
        weight: 70,
        born: (0, 1994),
        language: ENGLISH,
        female: &["Althea", "Beverley", "Camille", "Gloria", "Marcia", "Yvonne"],
        male: &["Clive", "Delroy", "Errol", "Jermaine", "Leroy", "Winston"],
        families: &["Baptiste", "Campbell", "Francis", "Grant", "Joseph", "St. Hilaire", "Samuels", "Williams"],
    },
    Origin {
        weight: 45,
        born: EVER,
        language: ("so", "Somali"),
        female: &["Amina", "Fadumo", "Hodan", "Ifrah", "Sagal", "Zahra"],
        male: &["Abdirahman", "Bashir", "Guled", "Hassan", "Liban", "Yusuf"],
        families: &["Abdi", "Elmi", "Farah", "Jama", "Mohamud", "Nur", "Warsame"],
    },
    Origin {
        weight: 50,
        born: EVER,
        language: ("pl", "Polish"),
        female: &["Agnieszka", "Grażyna", "Katarzyna", "Małgorzata", "Zofia", "Żaneta"],
        male: &["Grzegorz", "Jakub", "Łukasz", "Paweł", "Stanisław", "Wojciech"],
        families: &["Kaczmarek", "Łuczak", "Mazur", "Nowak", "Pietrzak", "Wójcik", "Żak"],
    },
    Origin {
        weight: 35,
        born: EVER,
        language: ("tr", "Turkish"),
        female: &["Ayşe", "Çiğdem", "Elif", "Gülşen", "Özlem", "Şule"],
        male: &["Ahmet", "Çağlar", "İbrahim", "Mehmet", "Oğuz", "Şükrü"],
        families: &["Aydın", "Çelik", "Demir", "Kaya", "Öztürk", "Şahin", "Yılmaz"],
    },
    Origin {
        weight: 40,
        born: EVER,
        language: ("pt", "Portuguese"),
        female: &["Beatriz", "Conceição", "Inês", "Luísa", "Thaís", "Verónica"],
        male: &["André", "Duarte", "João", "José", "Luís", "Sebastião"],
        families: &["da Silva", "D'Souza", "Fernandes", "Gonçalves", "Magalhães", "Muñoz", "Sánchez-Vega"],
    },
    Origin {
        weight: 40,
        born: EVER,
        language: ("zh", "Chinese"),
        female: &["Hui", "Li Na", "Mei", "Siu-Ling", "Thị Hoa", "Xiu"],
        male: &["Bao", "Chun-Wai", "Hao", "Minh", "Wei", "Zhiqiang"],
        families: &["Chan", "Chen", "Lam", "Li", "Nguyễn", "Trần", "Wong", "Zhang"],
    },
];
