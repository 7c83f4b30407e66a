//! What a dependency costs that was never seen before: orders in which the edges of a graph can
//! come, and the time that each takes through the layers that learn it.
//!
//! How fast a new edge is depends on the order in which edges come. No order is the worst for every
//! algorithm; those here are the ones that known algorithms are slow on. None closes a cycle.

use std::hint::black_box;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use lockdep::graph::{Graph, Kind};
use lockdep::{BacktraceStyle, Description, How, Level, Map, Settings, Task, Tracker};

use crate::rounds::median;

/// How often a graph is built.
const BUILDS: u32 = 9;

/// From the lock that is held to the one that is wanted.
pub(crate) type Edge = (u32, u32);
/// The edges of a graph with so many nodes, in the order in which they come.
pub(crate) type Ordering = fn(nodes: u32) -> Vec<Edge>;

/// Edges drawn at random from one order of all nodes, four a node.
pub(crate) fn random(nodes: u32) -> Vec<Edge> {
    let mut random = Rng::with_seed(1);
    let mut order: Vec<u32> = (0..nodes).collect();
    random.shuffle(&mut order);
    let mut edges: Vec<(u32, u32)> = (0..nodes * 4)
        .map(|_| (random.u32(0..nodes), random.u32(0..nodes)))
        .filter(|(from, to)| from != to)
        .map(|(from, to)| (order[from.min(to) as usize], order[from.max(to) as usize]))
        .collect();
    let mut seen = std::collections::HashSet::new();
    edges.retain(|edge| seen.insert(*edge));
    edges
}

/// Chains, each in turn put before all that are older, the eldest first.
pub(crate) fn chains_inserted(nodes: u32) -> Vec<Edge> {
    // As many edges within the chains as between them: fewer are cheaper, and so are more.
    let chains = (nodes * 2).isqrt();
    let long = nodes / chains;
    let (first, last) = (|chain: u32| chain * long, |chain: u32| chain * long + long - 1);
    let within = (0..chains).flat_map(|chain| (first(chain)..last(chain)).map(|at| (at, at + 1)));
    let between = (0..chains).flat_map(|new| (0..new).map(move |old| (last(new), first(old))));
    within.chain(between).collect()
}

/// Pairs joined to chains of four, of eight and so on, always the younger chain before the older.
pub(crate) fn chains_doubled(nodes: u32) -> Vec<Edge> {
    let mut chains: Vec<Vec<u32>> = (0..nodes).map(|node| vec![node]).collect();
    let mut edges = Vec::new();
    while chains.len() > 1 {
        let mut halves = std::mem::take(&mut chains).into_iter();
        while let Some(older) = halves.next() {
            let mut joined = halves.next().unwrap_or_default();
            if let (Some(&last), Some(&first)) = (joined.last(), older.first()) {
                edges.push((last, first));
            }
            joined.extend(older);
            chains.push(joined);
        }
    }
    edges
}

/// Two long chains `b` and `f` with every `b` before every `f`; then, again and again, a new
/// node before `f` and a new one after `b`, and the edge from the second to the first.
pub(crate) fn joined_around(nodes: u32) -> Vec<Edge> {
    let (long, joints) = (nodes / 3, nodes / 6);
    let (b, f) = (|at: u32| at, |at: u32| long + at);
    let mut edges: Vec<Edge> = (1..long).map(|at| (b(at - 1), b(at))).collect();
    edges.push((b(long - 1), f(0)));
    edges.extend((1..long).map(|at| (f(at - 1), f(at))));
    for joint in 0..joints {
        let (first, last) = (2 * long + 2 * joint, 2 * long + 2 * joint + 1);
        edges.extend([(first, f(0)), (b(long - 1), last), (last, first)]);
    }
    edges
}

/// Nanoseconds for each edge through the graph alone.
pub(crate) fn through_graph(edges: &[Edge]) -> f64 {
    let build = || {
        let mut graph = Graph::new();
        let start = Instant::now();
        for &(from, to) in edges {
            black_box(graph.insert(from, to, Kind::ExclusiveQueued, || ()));
        }
        start.elapsed()
    };
    per_edge(edges, build)
}

/// Nanoseconds for each edge through a tracker that keeps no backtraces: all that the first
/// acquire in a new order costs.
pub(crate) fn through_tracker(nodes: u32, edges: &[Edge]) -> f64 {
    let maps = classes(nodes);
    per_edge(edges, || learn(&maps, edges, BacktraceStyle::Off))
}

/// The same with backtraces, from a stack this deep.
pub(crate) fn with_backtraces(nodes: u32, edges: &[Edge], deep: u32) -> f64 {
    #[inline(never)]
    fn dig(deep: u32, work: &mut dyn FnMut() -> Duration) -> Duration {
        let took = if deep == 0 { work() } else { dig(deep - 1, work) };
        black_box(took)
    }
    let maps = classes(nodes);
    per_edge(edges, || dig(deep, &mut || learn(&maps, edges, BacktraceStyle::Short)))
}

/// Nanoseconds for each edge between locks of `tracing-mutex`, the two locks and unlocks included.
pub(crate) fn through_tracing_mutex(nodes: u32, edges: &[Edge]) -> f64 {
    use tracing_mutex::stdsync::tracing::Mutex;
    per_edge(edges, || {
        let locks: Vec<_> = (0..nodes).map(|_| Mutex::new(())).collect();
        let start = Instant::now();
        for &(from, to) in edges {
            let _held = locks[from as usize].lock().unwrap();
            let _wanted = locks[to as usize].lock().unwrap();
        }
        start.elapsed()
    })
}

fn learn(maps: &[Map], edges: &[Edge], backtrace: BacktraceStyle) -> Duration {
    let tracker = Arc::new(Tracker::new(Settings { level: Level::Deadlock, backtrace }));
    let task = Task::new("bench");
    let describe = || Description::new("lock", "");
    let (how, site) = (How::EXCLUSIVE, Location::caller());
    let mut took = Duration::ZERO;
    for &(from, to) in edges {
        let (held, wanted) = (&maps[from as usize], &maps[to as usize]);
        tracker.before_acquire(&task, held, how, describe, site);
        tracker.acquired(&task, held, how, site);
        let start = Instant::now();
        let met = tracker.before_acquire(&task, wanted, how, describe, site);
        took += start.elapsed();
        assert!(met.is_empty(), "the edges close no cycle");
        tracker.released(&task, held);
    }
    assert_eq!(tracker.edge_count(), edges.len());
    took
}

/// Locks of a class of their own each; they live as long as their classes do.
fn classes(nodes: u32) -> Vec<Map> {
    (0..nodes).map(|node| Map::named(Box::leak(format!("class {node}").into()))).collect()
}

fn per_edge(edges: &[Edge], mut build: impl FnMut() -> Duration) -> f64 {
    median((0..BUILDS).map(|_| build().as_nanos() as f64 / edges.len() as f64))
}
