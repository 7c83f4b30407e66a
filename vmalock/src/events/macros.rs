//! The macros through which the lock tells the tracker what it does.
//!
//! Those of a VMA have the kernel's names. They are macros so that they name the place of the call
//! that the user wrote, and so that nothing of them is left with tracking off: the gate is a
//! constant.
//!
//! | macro | tells |
//! |---|---|
//! | `__vma_lockdep_acquire_read` | a read lock was got by trying: no dependency leads to it |
//! | `__vma_lockdep_release_read` | it is about to be given back, whoever's decrement is the last |
//! | `__vma_lockdep_acquire_exclusive` | this thread is about to wait for the VMA's readers |
//! | `__vma_lockdep_contended` | there are some: the wait begins |
//! | `__vma_lockdep_stat_mark_acquired` | the last has gone |
//! | `__vma_lockdep_release_exclusive` | readers may come again |
//! | `__rwsem_…` | the same for the mmap lock, which is held in between |
//!
//! That a VMA stays write-locked until the end of the write section is not told: one store frees
//! an unknown number of them. The mmap lock, held all the while, stands for them.

macro_rules! __vma_lockdep_acquire_read {
    ($vma:expr) => {
        if $crate::events::ENABLED {
            $crate::events::vma_acquire_read($vma.map());
        }
    };
}

macro_rules! __vma_lockdep_release_read {
    ($vma:expr) => {
        if $crate::events::ENABLED {
            $crate::events::released($vma.map());
        }
    };
}

macro_rules! __vma_lockdep_acquire_exclusive {
    ($vma:expr) => {
        if $crate::events::ENABLED {
            $crate::events::vma_acquire_exclusive($vma.map());
        }
    };
}

macro_rules! __vma_lockdep_contended {
    ($vma:expr) => {
        if $crate::events::ENABLED {
            $crate::events::contended($vma.map());
        }
    };
}

macro_rules! __vma_lockdep_stat_mark_acquired {
    ($vma:expr) => {
        if $crate::events::ENABLED {
            $crate::events::vma_acquired_exclusive($vma.map());
        }
    };
}

macro_rules! __vma_lockdep_release_exclusive {
    ($vma:expr) => {
        if $crate::events::ENABLED {
            $crate::events::released($vma.map());
        }
    };
}

macro_rules! __rwsem_acquire {
    ($mm:expr, $side:expr, $subclass:expr) => {
        if $crate::events::ENABLED {
            $crate::events::rwsem_acquire($mm.map(), $side, $subclass);
        }
    };
}

macro_rules! __rwsem_contended {
    ($mm:expr) => {
        if $crate::events::ENABLED {
            $crate::events::contended($mm.map());
        }
    };
}

macro_rules! __rwsem_acquired {
    ($mm:expr, $side:expr, $subclass:expr) => {
        if $crate::events::ENABLED {
            $crate::events::rwsem_acquired($mm.map(), $side, $subclass);
        }
    };
}

macro_rules! __rwsem_try_acquired {
    ($mm:expr, $side:expr) => {
        if $crate::events::ENABLED {
            $crate::events::rwsem_try_acquired($mm.map(), $side);
        }
    };
}

macro_rules! __rwsem_release {
    ($mm:expr) => {
        if $crate::events::ENABLED {
            $crate::events::released($mm.map());
        }
    };
}

macro_rules! __rwsem_downgrade {
    ($mm:expr) => {
        if $crate::events::ENABLED {
            $crate::events::downgraded($mm.map());
        }
    };
}

pub(crate) use {
    __rwsem_acquire, __rwsem_acquired, __rwsem_contended, __rwsem_downgrade, __rwsem_release,
    __rwsem_try_acquired, __vma_lockdep_acquire_exclusive, __vma_lockdep_acquire_read,
    __vma_lockdep_contended, __vma_lockdep_release_exclusive, __vma_lockdep_release_read,
    __vma_lockdep_stat_mark_acquired,
};
