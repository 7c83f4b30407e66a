//! What a VMA takes.

use vmalock::{AddressSpace, Mm, Vma};

use crate::find::{STRIDE, mapped};
use crate::table::{print_head, print_line};

const RANGES: usize = 100_000;

fn index(mm: &Mm<u64>) -> String {
    format!("{:.1}", mm.mmap_write_lock().index_bytes() as f64 / RANGES as f64)
}

/// The least distance of two slots' pairs of cache lines.
fn apart(mm: &Mm<u64>) -> usize {
    let slot = |at: usize| std::ptr::from_ref(mm.find(at * STRIDE).expect("mapped")).addr();
    let mut pairs: Vec<usize> = (0..RANGES).map(|at| slot(at) & !127).collect();
    pairs.sort_unstable();
    pairs.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(0)
}

pub(crate) fn show(name: &str) {
    print_head(name, ["bytes", "", ""]);
    let print = |name: &str, bytes: String| print_line(name, [&bytes, "", ""]);
    print("slot, payload of 0 bytes", size_of::<Vma<()>>().to_string());
    print("slot, payload of 8 bytes", size_of::<Vma<u64>>().to_string());
    print("slot, payload of 64 bytes", size_of::<Vma<[u64; 8]>>().to_string());
    let mm = mapped(RANGES);
    print("index, 100,000 mapped in random order", index(&mm));
    print("between the rooms of two slots", apart(&mm).to_string());
    let slots = mm.pool().slots() as f64 / RANGES as f64;
    print("slots made for each VMA, the same", format!("{slots:.3}"));
    let mm = Mm::new();
    let mut writer = mm.mmap_write_lock();
    for at in 0..RANGES {
        let start = at * STRIDE;
        writer.insert(start..start + STRIDE / 2, 0).expect("they do not overlap");
    }
    drop(writer);
    print("index, 100,000 mapped in ascending order", index(&mm));
}
