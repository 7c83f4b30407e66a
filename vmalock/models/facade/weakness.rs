//! What can be weakened or left out, and which models must then fail.

/// One weakening.
pub(crate) struct Weakness {
    /// A variant of `Order` or of `Step`.
    pub(crate) name: &'static str,
    /// What the protocol's description calls it.
    pub(crate) number: &'static str,
    /// What becomes of it.
    pub(crate) change: &'static str,
    /// The models that must fail: their names in the test `ordering`.
    pub(crate) caught_by: &'static [&'static str],
}

const fn weakness(
    name: &'static str,
    number: &'static str,
    change: &'static str,
    caught_by: &'static [&'static str],
) -> Weakness {
    Weakness { name, number, change, caught_by }
}

/// All of them.
pub(crate) const ALL: &[Weakness] = &[
    weakness(
        "ReaderIncrement",
        "O2",
        "acquire → relaxed",
        &[
            "exclusion::sequences_are_read_after_the_increment",
            "attach::a_reader_sees_all_of_a_slots_new_life",
        ],
    ),
    weakness(
        "ReaderSequence",
        "O4",
        "acquire → relaxed",
        &["exclusion::a_reader_and_a_writer_do_not_overlap"],
    ),
    weakness(
        "ReaderPast",
        "",
        "acquire → relaxed",
        &["past::a_past_section_shows_what_was_done_in_it"],
    ),
    weakness(
        "PastNote",
        "",
        "release → relaxed",
        &["past::a_past_section_shows_what_was_done_in_it"],
    ),
    weakness(
        "PastAfterEnd",
        "",
        "a section is noted to be past when it begins",
        &["past::a_section_under_way_is_not_past"],
    ),
    weakness(
        "ReaderDecrement",
        "O5",
        "release → relaxed",
        &["exclusion::a_reader_and_a_writer_do_not_overlap"],
    ),
    weakness(
        "ExcludeEnd",
        "O6",
        "release → relaxed",
        &["exclusion::sequences_are_read_after_the_increment"],
    ),
    weakness(
        "ExcludedLoad",
        "O7",
        "acquire → relaxed",
        &["exclusion::a_reader_and_a_writer_do_not_overlap"],
    ),
    weakness(
        "Attach",
        "O8",
        "release → relaxed",
        &["attach::a_reader_sees_all_of_a_slots_new_life"],
    ),
    weakness(
        "WriteEnd",
        "O9",
        "release → relaxed",
        &["exclusion::a_reader_and_a_writer_do_not_overlap"],
    ),
    weakness(
        "WriteBegin",
        "O10",
        "release → relaxed",
        &["exclusion::the_beginning_of_a_section_shows_what_was_done_before"],
    ),
    weakness(
        "WriteBeginFence",
        "O10",
        "left out",
        &["speculation::a_speculation_sees_whole_sections"],
    ),
    weakness("WaiterFence", "O11", "left out", &["waking::a_wake_is_not_lost"]),
    weakness("WakerFence", "O11", "left out", &["waking::a_wake_is_not_lost"]),
    weakness(
        "SpeculateBegin",
        "O12",
        "acquire → relaxed",
        &["speculation::a_speculation_sees_whole_sections"],
    ),
    weakness(
        "SpeculateFence",
        "O12",
        "left out",
        &["speculation::a_speculation_sees_whole_sections"],
    ),
    weakness("MissFence", "", "left out", &["detach::whoever_puts_last_detaches"]),
    weakness(
        "Publish",
        "index",
        "release → relaxed",
        &["searching::a_range_that_stays_is_found_while_its_leaf_is_split"],
    ),
    weakness(
        "Follow",
        "index",
        "acquire → relaxed",
        &["searching::a_range_that_stays_is_found_while_its_leaf_is_split"],
    ),
    weakness(
        "CompareAfterIncrement",
        "",
        "the sequences are compared before the increment only",
        &["exclusion::sequences_are_read_after_the_increment"],
    ),
    weakness(
        "StampBeforeClear",
        "",
        "the stamp is stored after the flag is taken away",
        &["exclusion::a_reader_and_a_writer_do_not_overlap"],
    ),
    weakness(
        "CompareMm",
        "",
        "a slot of another mm is believed to be ours",
        &["foreign::a_foreign_vma_is_busy"],
    ),
    weakness(
        "PinForeignMm",
        "",
        "another mm is woken without being kept alive",
        &["foreign::a_recycled_vma_does_not_wake_a_dead_mm"],
    ),
    weakness(
        "CompareBounds",
        "",
        "the bounds are not checked under the lock",
        &["detach::bounds_are_checked_under_the_lock"],
    ),
    weakness(
        "DetachWaits",
        "",
        "a detach takes its own decrement for the last",
        &["detach::whoever_puts_last_detaches"],
    ),
    weakness(
        "AbortClears",
        "",
        "a wait that is given up leaves the flag",
        &["cancelling::a_wait_that_is_given_up_leaves_nothing_behind"],
    ),
    weakness(
        "LookAgain",
        "",
        "a writer that is woken does not look at the count",
        &["waking::a_late_wake_is_for_nothing", "detach::a_detacher_that_is_woken_early_sleeps_on"],
    ),
    weakness(
        "CountBeforePatience",
        "",
        "a wait looks at its patience first",
        &["cancelling::a_cancelled_wait_for_nothing_succeeds"],
    ),
    weakness(
        "WakeDetacher",
        "",
        "only a count of FLAG + 1 wakes",
        &["waking::a_detacher_is_woken"],
    ),
    weakness(
        "EndBeforeUnlock",
        "",
        "the mmap lock is released before the section ends",
        &["section::sections_do_not_run_into_each_other"],
    ),
    weakness(
        "ReleaseBeforeDecrement",
        "",
        "a put that gives 0 does not tell the tracker",
        &["detach::whoever_puts_last_detaches"],
    ),
    weakness(
        "LockBeforeAttach",
        "",
        "a VMA is attached without being write-locked",
        &["attach::nobody_reads_a_vma_before_the_section_that_attached_it_ends"],
    ),
    weakness(
        "CheckGap",
        "",
        "a gap is believed without asking for writers",
        &["next::a_gap_is_not_made_up"],
    ),
    weakness(
        "WideSequence",
        "",
        "sequences have two bits, and wrap",
        &["section::an_old_stamp_is_not_a_new_one"],
    ),
];

/// What no model needs, and why it is there all the same.
///
/// `DetachFence` (O13): a slot is detached by a writer that has waited for its readers before
/// ([`ExcludedLoad`](crate::order::Order::ExcludedLoad)), and who comes later reads no payload.
pub(crate) const UNDEFENDED: &[&str] = &["DetachFence"];
