//! Everything that is measured, once for all tests of this binary.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use tokio::sync::OnceCell;

use crate::asked::{self, Line, Stage};
use crate::at_once;
use crate::cells::{self, Cells};
use crate::protection::{self, People};
use crate::roles;
use crate::world::{Way, Who, World};

/// How many personas ask at the same time.
const AT_ONCE: usize = 4;

/// A persona's part.
pub struct Persona {
    pub name: String,
    pub title: String,
    pub way: Way,
    pub cells: Cells,
    pub looking: Line,
    pub telling: Line,
    pub at_once: Line,
    pub protected: Line,
    pub opening: Line,
}

/// All of it.
pub struct Measured {
    pub personas: Vec<Persona>,
    pub roles: BTreeMap<String, Line>,
    /// The operations that the service offers, with their types.
    pub offered: BTreeMap<String, BTreeSet<String>>,
    /// Method, route and column of every request.
    pub requests: BTreeSet<(String, String, &'static str)>,
}

/// Measures, or says what was measured.
pub async fn measured() -> &'static Measured {
    static MEASURED: OnceCell<Measured> = OnceCell::const_new();
    MEASURED.get_or_init(measure).await
}

async fn measure() -> Measured {
    let world = World::new().await;
    let stage = Stage::new(&world).await;
    let people = People::new(&world).await;
    let offered = asked::offered(&world).await;
    // The trail first, while it is short.
    let trail = world.personas.iter().map(async |who| {
        let mut cells = Cells::default();
        cells::reads(&world, who, &mut cells, true).await;
        cells
    });
    let cells: Vec<Cells> = stream::iter(trail).buffered(AT_ONCE).collect().await;
    let rest =
        world.personas.iter().zip(cells).map(async |(who, cells)| persona(&world, who, cells, &stage, &people).await);
    let personas = stream::iter(rest).buffered(AT_ONCE).collect().await;
    let roles = roles::measure(&world, &stage).await;
    Measured { personas, roles, offered, requests: world.log.rows() }
}

async fn persona(world: &World, who: &Who, mut cells: Cells, stage: &Stage, people: &People) -> Persona {
    cells::reads(world, who, &mut cells, false).await;
    let looking = asked::looking(world, who, &mut cells).await;
    let telling = asked::telling(world, who, stage, &mut cells).await;
    cells::creates(world, who, &mut cells).await;
    let at_once = at_once::at_once(world, who, &mut cells).await;
    cells::changes(world, who, &mut cells).await;
    let protected = protection::protected(world, who, people).await;
    let opening = protection::opening(world, who, people).await;
    let (name, title) = (who.name.clone(), who.title.clone());
    Persona { name, title, way: who.way, cells, looking, telling, at_once, protected, opening }
}
