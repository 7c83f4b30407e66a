//! Models of `vmalock`: its own sources, included file by file, on the primitives of loom and
//! shuttle.
//!
//! What the models replace is `sync` and `events` (see `facade`); every other file is the one that
//! users get. So no flag of the compiler and no feature is needed, and the models run with every
//! `cargo test`.
//!
//! | test | runs under | what |
//! |---|---|---|
//! | `ordering` | loom | few threads, every interleaving up to a bound of preemptions, and every value that an access of its ordering may see |
//! | `schedules` | shuttle | more threads, random schedules |
//!
//! `ordering` also runs models with an ordering weakened or a step left out, each in a process of
//! its own; each must fail then.
//!
//! `vmalock/models/table.sh` prints how many executions each explored, and the table of what
//! catches what.
//!
//! # Interleavings
//!
//! Those that the protocol's description lists, and where each is a test. Those that name no
//! `tests` folder are here; the others need no model, or the tracker.
//!
//! | | what | test |
//! |---|---|---|
//! | 1 | plain exclusion | `exclusion::a_reader_and_a_writer_do_not_overlap`, `two_readers_…` |
//! | 2 | sequences loaded before the increment | `exclusion::sequences_are_read_after_the_increment` |
//! | 3 | the end of a section and what was done in it | `exclusion::the_end_of_a_section_shows_what_was_done_in_it`, `past::…` |
//! | 4, 23 | a late increment; an old first look | `exclusion::a_late_increment_is_taken_back` |
//! | 5, 6, 7 | detach with readers that pass | `detach::whoever_puts_last_detaches`, `src/tests/tracking.rs`: `detach_race_of_16_december_2024` |
//! | 8 | a wake too many | `detach::a_detacher_that_is_woken_early_sleeps_on` |
//! | 9 | a lost wake | `waking::a_wake_is_not_lost`, `the_last_reader_wakes` |
//! | 10 | a late wake | `waking::a_late_wake_is_for_nothing` |
//! | 11 | a recycled slot of a dying mm | `foreign::a_recycled_vma_does_not_wake_a_dead_mm`, `ends::…` |
//! | 12 | recycled, not attached | `detach::a_detached_vma_is_not_touched` |
//! | 13 | recycled, another range | `detach::bounds_are_checked_under_the_lock` |
//! | 14, 15 | recycled, same range; attach | `attach::a_reader_sees_all_of_a_slots_new_life` |
//! | 16 | attached, not in the index yet | `attach::nobody_reads_a_vma_before_…`, `foreign::a_slot_that_changes_its_mm_…` |
//! | 17 | a wait is given up | `cancelling::a_wait_that_is_given_up_leaves_nothing_behind`, `queue::…` |
//! | 18 | given up with nothing to wait for, or at the last put | `cancelling::a_cancel…` |
//! | 19 | many VMAs, one end; downgrade | `section::the_end_of_a_section_frees_all_its_vmas`, `a_downgrade_…` |
//! | 20 | a detached VMA; put back | `attach::a_vma_that_is_put_back_stays_locked`, `src/tests/protocol.rs` |
//! | 21 | too many readers | `crowds::a_full_count_refuses_and_drains` |
//! | 22 | a sequence wraps | `section::an_old_stamp_is_not_a_new_one` |
//! | 24 | searching anew | `src/tests/lookups.rs`: `a_detached_vma_is_searched_for_again` |
//! | 25 | published unlocked | `src/tests/protocol.rs`: `a_vma_that_is_not_write_locked_cannot_be_attached` |
//! | 26 | the forbidden order; recursion | `src/tests/tracking.rs`, `vmalock/tests/reports.rs` |
//! | 27 | a stream of readers | `crowds::a_stream_of_readers_does_not_starve_a_writer` |
//! | 28 | a gap that is none | `next::a_gap_is_not_made_up`, `crowds::a_range_that_is_cut_has_no_gap` |
//! | 29 | unlock before the section's end | `section::sections_do_not_run_into_each_other` |
//! | 30 | a put VMA is another's at once | `foreign::a_put_vma_is_not_touched_again` |
//! | 31 | the end of an mm | `foreign::the_end_of_an_mm_waits_for_its_readers`, `ends::…` |
//! | 32 | assertions beside a passing reader | `detach::a_passing_reader_does_not_break_…`, `src/tests/tracking.rs`: `false_negative_of_20_january_2026` |
