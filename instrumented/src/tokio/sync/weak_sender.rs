//! Senders that do not keep their channel open: those of the channels differ in names, and in the
//! releases of tokio that have them.

/// Makes one, and counts senders as the real ones do.
macro_rules! weak_sender {
    ($(#[$doc:meta])* $weak:ident of $sender:ident, since $since:tt, counted since $counted:tt;
        $(#[$upgrade:meta])*) => {
        $(#[$doc])*
        #[cfg(not(before = $since))]
        pub struct $weak<T> {
            inner: real::$weak<T>,
            link: Link,
        }

        impl<T> $sender<T> {
            /// A sender that does not keep the channel open.
            #[cfg(not(before = $since))]
            #[must_use = "the sender stays as it is"]
            pub fn downgrade(&self) -> $weak<T> {
                $weak { inner: self.inner.downgrade(), link: self.link.clone() }
            }

            /// How many senders there are.
            #[cfg(not(before = $counted))]
            pub fn strong_count(&self) -> usize {
                self.inner.strong_count()
            }

            /// How many weak senders there are.
            #[cfg(not(before = $counted))]
            pub fn weak_count(&self) -> usize {
                self.inner.weak_count()
            }
        }

        #[cfg(not(before = $since))]
        impl<T> $weak<T> {
            /// A sender, if there is still another one.
            $(#[$upgrade])*
            pub fn upgrade(&self) -> Option<$sender<T>> {
                let inner = self.inner.upgrade()?;
                Some($sender { inner, link: self.link.clone() })
            }

            /// How many senders there are.
            #[cfg(not(before = $counted))]
            pub fn strong_count(&self) -> usize {
                self.inner.strong_count()
            }

            /// How many weak senders there are.
            #[cfg(not(before = $counted))]
            pub fn weak_count(&self) -> usize {
                self.inner.weak_count()
            }
        }

        #[cfg(not(before = $since))]
        impl<T> Clone for $weak<T> {
            fn clone(&self) -> Self {
                $weak { inner: self.inner.clone(), link: self.link.clone() }
            }
        }

        #[cfg(not(before = $since))]
        impl<T> fmt::Debug for $weak<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.inner.fmt(f)
            }
        }
    };
}

pub(super) use weak_sender;
