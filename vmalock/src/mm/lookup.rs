//! What the holder of the mmap lock, in either mode, can ask an [`Mm`].

use std::ops::Range;

use crate::guard::{MmapReadGuard, MmapWriteGuard};
use crate::mm::Mm;
use crate::space::AddressSpace;
use crate::vma::Vma;

/// The same methods for both guards.
macro_rules! lookups {
    ($guard:ident) => {
        impl<'a, T: Send + Sync> $guard<'a, Mm<T>> {
            /// The VMA that covers `address`.
            #[must_use]
            pub fn find(&self, address: usize) -> Option<&'a Vma<T>> {
                self.space().find(address)
            }

            /// The first VMA that ends above `address`, whether it covers it or not.
            #[must_use]
            pub fn find_next(&self, address: usize) -> Option<&'a Vma<T>> {
                self.space().find_next(address)
            }

            /// The range and the payload of the VMA that covers `address`.
            #[must_use]
            pub fn get(&self, address: usize) -> Option<(Range<usize>, &T)> {
                let vma = self.find(address)?;
                Some((vma.start()..vma.end(), self.payload(vma)?))
            }

            /// All VMAs in order of address.
            pub fn iter(&self) -> impl Iterator<Item = (Range<usize>, &T)> {
                self.vmas(0..usize::MAX)
                    .filter_map(|vma| Some((vma.start()..vma.end(), self.payload(vma)?)))
            }

            /// All VMAs that overlap a range, in order of address.
            pub fn vmas(
                &self,
                range: Range<usize>,
            ) -> impl Iterator<Item = &'a Vma<T>> + use<'a, T> {
                let space = self.space();
                let mut from = range.start;
                std::iter::from_fn(move || {
                    let vma = space.find_next(from).filter(|vma| vma.start() < range.end)?;
                    from = vma.end();
                    Some(vma)
                })
            }
        }
    };
}

lookups!(MmapReadGuard);
lookups!(MmapWriteGuard);
